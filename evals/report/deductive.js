// Fills the table of decisions of a report on codes that stood before the texts were read.
(function () {
  "use strict";
  var data = Report.data, element = Report.element, link = Report.link, folded = Report.folded;
  var decisions = data.decisions;
  var VALUES = { yes: "Yes", no: "No", unsure: "unsure" };

  // A decision: segment, coder, code, value, quote, reason, origin, whether the quote was found, round, whether it stands.
  var rows = decisions.rows.map(function (row, number) { return { of: row, number: number }; });

  function codeName(number) {
    return number < 0 ? "(none chosen)" : data.codes[number];
  }

  var table = Report.paged({
    root: document.getElementById("decisions"),
    rows: rows,
    words: function (row) {
      var of = row.of;
      return folded([decisions.segments[of[0]].join(" "), decisions.coders[of[1]].join(" "), codeName(of[2]), VALUES[of[3]],
        of[4], of[5], decisions.origins[of[6]].join(" ")].join(" "));
    },
    columns: [
      { title: "text", fill: function (cell, row, above) {
        var segment = decisions.segments[row.of[0]];
        cell.className = "text";
        if (above && above.of[0] === row.of[0]) {
          cell.appendChild(element("small", "the same text"));
          return;
        }
        cell.appendChild(element("small", segment[0] + (segment[2] ? ", " + segment[2] : "")));
        cell.appendChild(element("bdi", segment[1]));
      } },
      { title: "code", fill: function (cell, row) {
        if (row.of[2] < 0) cell.textContent = codeName(row.of[2]);
        else cell.appendChild(link(codeName(row.of[2]), "code-" + row.of[2]));
      } },
      { title: "answer", order: function (row) { return row.of[3]; }, fill: function (cell, row) {
        cell.appendChild(element("strong", VALUES[row.of[3]] || row.of[3], "value " + (VALUES[row.of[3]] ? row.of[3] : "")));
        if (!row.of[9]) cell.appendChild(element("small", "no longer stands"));
      } },
      { title: "coder", order: function (row) { return folded(decisions.coders[row.of[1]][0]); }, fill: function (cell, row) {
        cell.appendChild(link(decisions.coders[row.of[1]][0], "coder-" + row.of[1]));
        cell.appendChild(element("small", decisions.coders[row.of[1]][1]));
      } },
      { title: "reason and quote", fill: function (cell, row) {
        cell.className = "text";
        if (row.of[5]) cell.appendChild(element("bdi", row.of[5]));
        if (row.of[4]) {
          var quote = element("small");
          quote.appendChild(element("q")).appendChild(element("bdi", row.of[4]));
          cell.appendChild(quote);
          if (!row.of[7]) cell.appendChild(element("small", "not found in the text", "warning"));
        }
      } },
      { title: "origin", fill: function (cell, row) {
        var origin = decisions.origins[row.of[6]];
        cell.className = "origin";
        [origin[0], origin[1], origin[2], "codebook version " + origin[3], row.of[8] > 1 && "round " + row.of[8], origin[4]].forEach(
          function (part) { if (part) cell.appendChild(element("small", part)); }
        );
      } },
    ],
  });

  // ---- Anchors: #code-3, #coder-1 and #decision-17 show the decisions behind a number or a name ----

  var chip = document.getElementById("chosen");
  var KINDS = {
    code: { count: data.codes.length, told: "Decisions on the code ", name: codeName,
      keep: function (row, number) { return row.of[2] === number; } },
    coder: { count: decisions.coders.length, told: "Decisions of ",
      name: function (number) { return decisions.coders[number][0]; },
      keep: function (row, number) { return row.of[1] === number; } },
    decision: { count: rows.length, told: "One decision, and others on the same text and code: ",
      name: function (number) { return codeName(rows[number].of[2]); },
      keep: function (row, number) {
        var wanted = rows[number].of;
        return row.of[0] === wanted[0] && row.of[2] === wanted[2];
      } },
  };

  // What is folded away opens where an anchor leads into it.
  function unfold() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    for (var at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  }

  function follow() {
    var found = /^#(code|coder|decision)-(\d+)$/.exec(location.hash);
    var kind = found && KINDS[found[1]], number = found ? Number(found[2]) : -1;
    if (kind && number >= kind.count) kind = null;
    if (!kind && location.hash && location.hash !== "#decisions") {
      unfold();
      return;
    }
    chip.textContent = "";
    if (!kind) {
      table.keep(null);
      return;
    }
    table.keep(function (row) { return kind.keep(row, number); });
    chip.append(kind.told);
    chip.appendChild(element("strong", kind.name(number)));
    chip.append(". ");
    chip.appendChild(link("Show all", "decisions"));
    document.getElementById("decisions").scrollIntoView();
  }

  Report.begin(follow);
})();
