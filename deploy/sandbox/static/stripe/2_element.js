// The Payment Element: a frame with the card's inputs, styled from `appearance`.
function makePaymentElement(checkout, options) {
  const listeners = new Listeners();
  let frame = null;

  function configure() {
    const { appearance, fonts } = checkout.elementsOptions;
    if (frame) frame.node.style.colorScheme = appearance?.theme === "night" ? "dark" : "light";
    frame?.tell("configure", { appearance, fonts, options });
  }

  const element = {
    mount(target) {
      const node = typeof target === "string" ? document.querySelector(target) : target;
      if (!node) {
        throw new IntegrationError(`The selector you specified (${target}) applies to no element.`);
      }
      element.unmount();
      const title = checkout.language === "es" ? "Datos de la tarjeta" : "Card details";
      frame = new Frame("payment", title, { language: checkout.language });
      frame.node.style.height = "13rem";
      frame.listeners.on("height", (height) => {
        frame.node.style.height = `${height}px`;
      });
      for (const type of ["ready", "change", "focus", "blur", "escape"]) {
        frame.listeners.on(type, (event) => {
          if (type === "change") checkout.setComplete(event.complete);
          listeners.tell(type, { elementType: "payment", ...event });
        });
      }
      node.replaceChildren(frame.node);
      listeners.tell("loaderstart", { elementType: "payment" });
      configure();
    },
    unmount() {
      if (frame === null) return;
      frame.remove();
      frame = null;
      checkout.setComplete(false);
    },
    destroy() {
      element.unmount();
      checkout.paymentElement = null;
    },
    on(type, handler) {
      listeners.on(type, handler);
      return element;
    },
    once(type, handler) {
      const once = (event) => {
        listeners.off(type, once);
        handler(event);
      };
      return element.on(type, once);
    },
    off(type, handler) {
      listeners.off(type, handler);
      return element;
    },
    update(changes) {
      Object.assign(options, changes);
      configure();
    },
    focus() {
      frame?.node.focus();
      frame?.tell("focus");
    },
    blur: () => frame?.tell("blur"),
    clear: () => frame?.tell("clear"),
    collapse: () => {},
  };
  // What the checkout needs of it and the page does not.
  const inside = {
    configure,
    isMounted: () => frame !== null,
    validate: () => frame.ask("validate"),
    submit: (payload) => frame.ask("submit", payload),
  };
  return { element, inside };
}
