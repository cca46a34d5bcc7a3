// Draws the figures of a report on classifiers; what is folded away opens where an anchor leads into it.
(function () {
  "use strict";
  Report.begin(function () {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    for (var at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  });
})();
