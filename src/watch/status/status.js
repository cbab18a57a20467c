// Updates the page every few seconds while it is visible.
(() => {
  "use strict";
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/", { cache: "no-store" });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      const main = document.querySelector("main");
      if (!next || main.innerHTML === next.innerHTML) return;
      const at = [...main.querySelectorAll(".wide")].map((box) => [box.scrollLeft, box.scrollTop]);
      const had = [...main.querySelectorAll(".wide")].indexOf(document.activeElement);
      main.replaceChildren(...next.childNodes);
      main.querySelectorAll(".wide").forEach((box, index) => {
        if (at[index]) [box.scrollLeft, box.scrollTop] = at[index];
        if (index === had) box.focus({ preventScroll: true });
      });
    } catch {
      // The service has ended; the page keeps its last state.
    }
  };
  setInterval(refresh, 3000);
})();
