// Fills the two tables of codes and decisions of a report on codes found in texts.
(function () {
  "use strict";
  var data = Report.data, element = Report.element, link = Report.link, folded = Report.folded;
  var paged = Report.paged, shownNumber = Report.shownNumber;
  var decisions = data.decisions;

  function codeName(number) {
    return number < 0 ? "(nothing to code)" : data.codes[number][0];
  }

  var codeRows = data.codes.map(function (code, number) { return { code: code, number: number }; });
  var NAMES = { coder: "model coder", moderator: "moderator", human: "person" };

  paged({
    root: document.getElementById("codes"),
    rows: codeRows,
    words: function (row) { return folded(row.code[0] + " " + row.code[1]); },
    columns: [
      { title: "code", order: function (row) { return folded(row.code[0]); }, fill: function (cell, row) {
        cell.appendChild(link(row.code[0], "code-" + row.number));
        if (row.code[1]) cell.appendChild(element("small", row.code[1]));
      } },
      { title: "segments", order: function (row) { return row.code[2]; }, fill: function (cell, row) {
        cell.textContent = row.code[2];
        cell.className = "number";
      } },
      { title: "found by", order: function (row) { return row.code[3].length; }, fill: function (cell, row) {
        row.code[3].forEach(function (coder, place) {
          if (place) cell.append(", ");
          cell.appendChild(link(decisions.coders[coder][0], "coder-" + coder));
        });
      } },
      { title: "AC1", order: function (row) { return row.code[4]; }, fill: function (cell, row) {
        cell.textContent = shownNumber(row.code[4]);
        cell.className = "number";
        if (row.code[5]) cell.title = "95% interval: " + row.code[5];
      } },
      { title: "positive agreement", order: function (row) { return row.code[6]; }, fill: function (cell, row) {
        cell.textContent = shownNumber(row.code[6]);
        cell.className = "number";
      } },
    ],
  });

  // A decision: segment, coder, label, code, quote, reason, origin, whether the quote was found.
  var table = paged({
    root: document.getElementById("decisions"),
    rows: decisions.rows,
    words: function (row) {
      return folded([decisions.segments[row[0]].join(" "), decisions.coders[row[1]][0], row[2], codeName(row[3]),
        row[4], row[5], decisions.origins[row[6]].join(" ")].join(" "));
    },
    columns: [
      { title: "text", fill: function (cell, row, above) {
        var segment = decisions.segments[row[0]];
        cell.className = "text";
        if (above && above[0] === row[0]) {
          cell.appendChild(element("small", "the same text"));
          return;
        }
        cell.appendChild(element("small", segment[0] + (segment[2] ? ", " + segment[2] : "")));
        cell.appendChild(element("bdi", segment[1]));
      } },
      { title: "coder", fill: function (cell, row) {
        cell.appendChild(link(decisions.coders[row[1]][0], "coder-" + row[1]));
        cell.appendChild(element("small", NAMES[decisions.coders[row[1]][1]]));
      } },
      { title: "label", fill: function (cell, row) {
        cell.appendChild(element("bdi", row[3] < 0 ? "(nothing to code)" : row[2]));
        if (row[3] >= 0 && codeName(row[3]) !== row[2]) {
          var counts = element("small", "counts as ");
          counts.appendChild(link(codeName(row[3]), "code-" + row[3]));
          cell.appendChild(counts);
        }
      } },
      { title: "quote", fill: function (cell, row) {
        cell.className = "text";
        cell.appendChild(element("bdi", row[4]));
        if (row[4] && !row[7]) cell.appendChild(element("small", "not found in the text", "warning"));
      } },
      { title: "reason", fill: function (cell, row) {
        cell.className = "text";
        cell.appendChild(element("bdi", row[5]));
      } },
      { title: "origin", fill: function (cell, row) {
        var origin = decisions.origins[row[6]];
        cell.className = "origin";
        [origin[0], origin[1], origin[2], origin[3] && "codebook version " + origin[3]].forEach(function (part) {
          if (part) cell.appendChild(element("small", part));
        });
      } },
    ],
  });

  // ---- Anchors: #code-3 and #coder-1 show the decisions behind a number ----

  var chip = document.getElementById("chosen");

  function follow() {
    var found = /^#(code|coder)-(\d+)$/.exec(location.hash);
    var number = found ? Number(found[2]) : -1;
    var known = found && number < (found[1] === "code" ? data.codes : decisions.coders).length;
    if (!known && location.hash && location.hash !== "#decisions") return;
    chip.textContent = "";
    if (!known) {
      table.keep(null);
      return;
    }
    var byCode = found[1] === "code";
    table.keep(function (row) { return row[byCode ? 3 : 1] === number; });
    chip.append(byCode ? "Decisions on the code " : "Decisions of ");
    chip.appendChild(element("strong", byCode ? codeName(number) : decisions.coders[number][0]));
    chip.append(". ");
    chip.appendChild(link("Show all", "decisions"));
    document.getElementById("decisions").scrollIntoView();
  }

  Report.begin(follow);
})();
