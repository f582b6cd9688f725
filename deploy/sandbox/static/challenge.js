// The bank's question: complete or fail 3-D Secure.
import { ask, clientSecret, language, listen, tell } from "/static/inside.js";

const WORDS = {
  en: {
    title: "3-D Secure",
    lead: "This is a test. Your bank would ask you here whether it is really you.",
    complete: "Complete authentication",
    fail: "Fail authentication",
  },
  es: {
    title: "3-D Secure",
    lead: "Esto es una prueba. Aquí tu banco te preguntaría si de verdad eres tú.",
    complete: "Completar la autenticación",
    fail: "Rechazar la autenticación",
  },
};

for (const node of document.querySelectorAll("[data-word]")) {
  node.textContent = WORDS[language][node.dataset.word];
}

async function answer(succeed) {
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  tell("done", await ask("authenticate", { clientSecret, succeed }));
}

document.querySelector("#complete").addEventListener("click", () => answer(true));
document.querySelector("#fail").addEventListener("click", () => answer(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") answer(false);
});
listen({});
document.querySelector("#complete").focus();
