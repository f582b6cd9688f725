// Stands in for Stripe.js: the names and answers of its Checkout Elements SDK and its 3-D Secure
// calls, so that a page's code is the same with real keys. Card data is typed into a frame of the
// sandbox's own origin and never reaches the page.

const SANDBOX = new URL(document.currentScript.src).origin;
const LANGUAGES = ["en", "es"];
let framesMade = 0;

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

function languageOf(locale) {
  const wanted = !locale || locale === "auto" ? navigator.language : locale;
  const short = String(wanted).slice(0, 2).toLowerCase();
  return LANGUAGES.includes(short) ? short : "en";
}

// Who listens to what.
class Listeners {
  constructor() {
    this.all = [];
  }

  on(type, handler) {
    this.all.push({ type, handler });
  }

  off(type, handler) {
    this.all = this.all.filter(
      (each) => each.type !== type || (handler !== undefined && each.handler !== handler),
    );
  }

  tell(type, event) {
    for (const each of [...this.all]) if (each.type === type) each.handler(event);
  }
}

// A frame of the sandbox: it is asked by message and answers by message.
class Frame {
  constructor(kind, title, parameters) {
    this.name = `sandbox-${kind}-${++framesMade}`;
    this.answers = new Map();
    this.listeners = new Listeners();
    const fragment = new URLSearchParams({
      ...parameters,
      frame: this.name,
      origin: window.location.origin,
    });
    this.node = document.createElement("iframe");
    this.node.name = this.name;
    this.node.title = title;
    this.node.src = `${SANDBOX}/elements/${kind}#${fragment}`;
    Object.assign(this.node.style, { border: "0", display: "block", width: "100%" });
    this.receive = this.receive.bind(this);
    window.addEventListener("message", this.receive);
    this.isAwake = new Promise((resolve) => this.listeners.on("awake", resolve));
  }

  receive({ source, origin, data }) {
    if (source !== this.node.contentWindow || origin !== SANDBOX) return;
    if (!data || data.frame !== this.name) return;
    if (data.answerTo) {
      this.answers.get(data.answerTo)?.(data.payload);
      this.answers.delete(data.answerTo);
    } else {
      this.listeners.tell(data.type, data.payload);
    }
  }

  async tell(type, payload, question) {
    await this.isAwake;
    const message = { frame: this.name, type, payload, question };
    this.node.contentWindow?.postMessage(message, SANDBOX);
  }

  ask(type, payload) {
    const question = `${type}-${Math.random().toString(36).slice(2)}`;
    return new Promise((resolve) => {
      this.answers.set(question, resolve);
      this.tell(type, payload, question);
    });
  }

  remove() {
    window.removeEventListener("message", this.receive);
    this.node.remove();
  }
}

// One hidden frame per Stripe() speaks to the sandbox's API.
function makeController(language) {
  const controller = new Frame("controller", "", { language });
  Object.assign(controller.node.style, { position: "absolute", width: "0", height: "0" });
  controller.node.setAttribute("aria-hidden", "true");
  controller.node.tabIndex = -1;
  const attach = () => document.body.append(controller.node);
  if (document.body) attach();
  else document.addEventListener("DOMContentLoaded", attach, { once: true });
  return controller;
}

// Shows the bank's question over the page until the person has answered it.
function showChallenge(clientSecret, language) {
  const title = language === "es" ? "Autenticación 3-D Secure" : "3-D Secure authentication";
  const frame = new Frame("challenge", title, { language, clientSecret });
  const cover = document.createElement("div");
  cover.setAttribute("role", "dialog");
  cover.setAttribute("aria-modal", "true");
  cover.setAttribute("aria-label", title);
  Object.assign(cover.style, {
    position: "fixed",
    inset: "0",
    zIndex: "2147483647",
    background: "rgb(6 13 15 / 0.6)",
  });
  frame.node.style.height = "100%";
  frame.node.style.colorScheme = "light dark";
  const focused = document.activeElement;
  // A modal <dialog> of the page is in the top layer; only what is inside it can be seen.
  const dialogs = document.querySelectorAll("dialog[open]");
  (dialogs[dialogs.length - 1] ?? document.body).append(cover);
  cover.append(frame.node);
  frame.isAwake.then(() => frame.node.focus());
  return new Promise((resolve) => {
    frame.listeners.on("done", (result) => {
      frame.remove();
      cover.remove();
      focused?.focus?.();
      resolve(result);
    });
  });
}
