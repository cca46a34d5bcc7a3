// Before everything else: whatever goes wrong is told on the page, and can be read by a program.
(function () {
  "use strict";
  var root = document.documentElement;
  function tell(message) {
    var told = root.dataset.errors ? root.dataset.errors + "\n" : "";
    root.dataset.errors = told + message;
    var place = document.getElementById("errors");
    if (place) {
      place.textContent = "Part of this report could not be drawn: " + root.dataset.errors;
      place.hidden = false;
    }
  }
  window.addEventListener("error", function (event) {
    tell(event.message || "a part could not be loaded");
  });
  window.addEventListener("unhandledrejection", function (event) {
    tell(String(event.reason));
  });
  document.addEventListener("securitypolicyviolation", function (event) {
    tell("refused: " + event.violatedDirective + " " + event.blockedURI);
  });
})();
