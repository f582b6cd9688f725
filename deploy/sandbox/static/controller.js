// The hidden frame: what a page asks of the sandbox that has no card in it.
import { ask, listen } from "/static/inside.js";

listen({
  session: ({ clientSecret }) => ask("session", { clientSecret }),
  "payment-intent": ({ clientSecret }) => ask("payment-intent", { clientSecret }),
  "confirm-payment": (payload) => ask("confirm-payment", payload),
});
