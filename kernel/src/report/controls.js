// Folding of code, the table of contents on narrow screens, and keyboard access to what scrolls.
(() => {
  "use strict";
  const codes = [...document.querySelectorAll("details.code")];
  const fold = document.getElementById("fold");
  if (codes.length > 0) {
    fold.hidden = false;
    fold.addEventListener("click", () => {
      const hide = fold.getAttribute("aria-pressed") === "false";
      codes.forEach((code) => { code.open = !hide; });
      fold.setAttribute("aria-pressed", String(hide));
      fold.textContent = hide ? "Show all code" : "Hide all code";
    });
  }

  const contents = document.querySelector("nav > details");
  if (contents) {
    const wide = matchMedia("(min-width: 1000px)");
    const follow = () => { contents.open = wide.matches; };
    wide.addEventListener("change", follow);
    follow();
  }

  const reachable = () => {
    // Outputs of cells may bring boxes of their own that scroll.
    for (const box of document.querySelectorAll(".scroll, .html [style*=overflow]")) {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
        box.tabIndex = 0;
      } else {
        box.removeAttribute("tabindex");
      }
    }
  };
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
})();
