// Inside every frame: hear the page that opened us and no other, ask the sandbox, answer.
const parameters = new URLSearchParams(window.location.hash.slice(1));
const PAGE = parameters.get("origin");
const FRAME = parameters.get("frame");

export const language = parameters.get("language") === "es" ? "es" : "en";
export const clientSecret = parameters.get("clientSecret");

export function tell(type, payload, answerTo) {
  window.parent.postMessage({ frame: FRAME, type, payload, answerTo }, PAGE);
}

// `deeds` maps what the page may ask to what we do; what comes back is the answer.
export function listen(deeds) {
  document.documentElement.lang = language;
  window.addEventListener("message", async ({ source, origin, data }) => {
    if (source !== window.parent || origin !== PAGE || data?.frame !== FRAME) return;
    const deed = deeds[data.type];
    if (!deed) return;
    const answer = await deed(data.payload ?? {});
    if (data.question) tell("answer", answer, data.question);
  });
  tell("awake");
}

export async function ask(path, content) {
  try {
    const answer = await fetch(`/elements/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    });
    return await answer.json();
  } catch {
    const message =
      language === "es"
        ? "No pudimos conectar con el servicio de pagos. Inténtalo de nuevo."
        : "We could not reach the payment service. Please try again.";
    return { error: { type: "api_connection_error", message } };
  }
}
