// What the scripts of all reports share: figures, tables a page at a time, anchors.
// Whatever comes from the study is set as text, never as HTML.
var Report = (function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var root = document.documentElement;
  var PAGE = 50;

  // ---- Small builders ----

  function element(name, text, className) {
    var made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function link(text, target) {
    var made = element("a", text);
    made.href = "#" + target;
    return made;
  }

  function folded(text) {
    return text.normalize("NFC").toLowerCase();
  }

  // ---- Figures ----

  function colour(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  function axes(spec) {
    var found = ["xaxis", "yaxis"];
    Object.keys(spec.layout).forEach(function (key) {
      if (/^[xy]axis/.test(key) && found.indexOf(key) < 0) found.push(key);
    });
    return found;
  }

  function themed(spec) {
    var ink = colour("--ink"), grid = colour("--line"), patch = {};
    patch["font.color"] = ink;
    patch["hoverlabel.bgcolor"] = colour("--raised");
    patch["hoverlabel.bordercolor"] = grid;
    patch["hoverlabel.font.color"] = ink;
    patch["modebar.bgcolor"] = "rgba(0,0,0,0)";
    patch["modebar.color"] = colour("--soft");
    patch["modebar.activecolor"] = colour("--link");
    axes(spec).forEach(function (axis) {
      patch[axis + ".gridcolor"] = grid;
      patch[axis + ".linecolor"] = grid;
      patch[axis + ".tickcolor"] = grid;
      patch[axis + ".zerolinecolor"] = grid;
    });
    return patch;
  }

  function nested(target, patch) {
    Object.keys(patch).forEach(function (path) {
      var at = target, parts = path.split(".");
      parts.slice(0, -1).forEach(function (part) {
        at = at[part] = at[part] || {};
      });
      at[parts[parts.length - 1]] = patch[path];
    });
    return target;
  }

  function draw(place, spec) {
    var narrow = window.innerWidth < 640;
    var layout = {
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: narrow ? 11 : 13 },
      margin: { l: narrow ? 44 : 60, r: narrow ? 12 : 24, t: 34, b: 48 },
      hoverlabel: { namelength: -1, align: "left" },
      dragmode: narrow ? false : "zoom",
    };
    Object.keys(spec.layout).forEach(function (key) {
      var value = spec.layout[key], base = layout[key];
      var both = base && typeof base === "object" && typeof value === "object";
      layout[key] = both ? Object.assign({}, base, value) : value;
    });
    if (narrow) {
      nested(layout, spec.narrow);
      spec.data.forEach(function (trace) {
        if (trace.type === "heatmap") trace.showscale = false;
        if (trace.meta && trace.meta.narrow) trace.mode = trace.meta.narrow;
        if (trace.texttemplate) trace.textfont = { size: 9 };
      });
    }
    nested(layout, themed(spec));
    // Named one by one: other buttons would offer to send the figure elsewhere.
    var buttons = [["toImage"], ["zoom2d", "pan2d", "resetScale2d"]];
    var options = { responsive: true, displaylogo: false, modeBarButtons: buttons, displayModeBar: narrow ? false : "hover" };
    return Plotly.newPlot(place, spec.data, layout, options).then(function () {
      place.on("plotly_click", function (event) {
        var target = event.points.length ? event.points[0].customdata : null;
        if (typeof target === "string") location.hash = target;
      });
    });
  }

  function drawAll() {
    var ids = Object.keys(data.figures);
    return Promise.all(ids.map(function (id) {
      return draw(document.getElementById("plot-" + id), data.figures[id]);
    }));
  }

  function repaint() {
    Object.keys(data.figures).forEach(function (id) {
      Plotly.relayout(document.getElementById("plot-" + id), themed(data.figures[id]));
    });
  }

  // ---- Tables, a page at a time ----

  // table: { root, columns: [{ title, fill(cell, row), order(row)? }], rows, words(row) }
  function paged(table) {
    var body = table.root.querySelector("tbody");
    var search = table.root.querySelector("input[type=search]");
    var told = table.root.querySelector(".found");
    var buttons = table.root.querySelectorAll("button[data-step]");
    var state = { page: 0, keep: null, rows: table.rows };
    var head = table.root.querySelector("thead tr");

    table.columns.forEach(function (column) {
      var cell = element("th", column.order ? null : column.title);
      cell.scope = "col";
      if (column.order) {
        var button = element("button", column.title);
        button.type = "button";
        button.title = "Sort by this column";
        button.addEventListener("click", function () { sort(column, cell); });
        cell.appendChild(button);
      }
      head.appendChild(cell);
    });

    function sort(column, cell) {
      var down = cell.getAttribute("aria-sort") !== "descending";
      head.querySelectorAll("th").forEach(function (other) { other.removeAttribute("aria-sort"); });
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.rows = table.rows.slice().sort(function (one, other) {
        var a = column.order(one), b = column.order(other);
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? 1 : a > b ? -1 : 0) * (down ? 1 : -1);
      });
      show(0);
    }

    function show(page) {
      var wanted = folded(search.value).split(/\s+/).filter(Boolean);
      state.rows = table.rows.filter(function (row) {
        if (state.keep && !state.keep(row)) return false;
        var words = wanted.length ? table.words(row) : "";
        return wanted.every(function (word) { return words.indexOf(word) >= 0; });
      });
      var last = Math.max(0, Math.ceil(state.rows.length / PAGE) - 1);
      state.page = Math.min(Math.max(page, 0), last);
      var start = state.page * PAGE, shown = state.rows.slice(start, start + PAGE);
      body.textContent = "";
      shown.forEach(function (row, place) {
        var line = element("tr");
        table.columns.forEach(function (column) {
          var cell = element("td");
          cell.dataset.label = column.title;
          column.fill(cell, row, place ? shown[place - 1] : null);
          line.appendChild(cell);
        });
        body.appendChild(line);
      });
      told.textContent = shown.length
        ? (start + 1).toLocaleString("en") + " to " + (start + shown.length).toLocaleString("en") + " of "
          + state.rows.length.toLocaleString("en")
        : "Nothing found.";
      buttons.forEach(function (button) {
        button.disabled = button.dataset.step === "-1" ? state.page === 0 : state.page === last;
      });
    }

    buttons.forEach(function (button) {
      button.addEventListener("click", function () { show(state.page + Number(button.dataset.step)); });
    });
    search.addEventListener("input", function () { show(0); });
    show(0);
    return {
      keep: function (test) {
        state.keep = test;
        search.value = "";
        show(0);
      },
    };
  }

  function shownNumber(value) {
    return value === null ? "" : value.toFixed(2);
  }

  // Draws everything, then follows the page's anchor, now and whenever it changes.
  function begin(follow) {
    window.addEventListener("hashchange", follow);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    window.addEventListener("beforeprint", function () {
      root.classList.add("printing");
      repaint();
    });
    window.addEventListener("afterprint", function () {
      root.classList.remove("printing");
      repaint();
    });
    drawAll().then(function () {
      follow();
      root.dataset.ready = "true";
    });
  }

  return { data: data, element: element, link: link, folded: folded, paged: paged, shownNumber: shownNumber, begin: begin };
})();
