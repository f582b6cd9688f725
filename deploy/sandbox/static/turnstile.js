// The challenge's widget, as its vendor's test keys play it: 1x… passes by a press, 2x… never.
(() => {
  const TOKEN = "XXXX.DUMMY.TOKEN.XXXX";
  const widgets = new Map();

  window.turnstile = {
    render(place, options) {
      const target = typeof place === "string" ? document.querySelector(place) : place;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "I am a person (test)";
      button.addEventListener("click", () => {
        button.disabled = true;
        if (options.sitekey.startsWith("2x")) options["error-callback"]?.("300030");
        else options.callback?.(TOKEN);
      });
      target.replaceChildren(button);
      const id = `widget-${widgets.size + 1}`;
      widgets.set(id, target);
      return id;
    },
    remove(id) {
      widgets.get(id)?.replaceChildren();
      widgets.delete(id);
    },
  };
})();
