// Stripe's own script, loaded when a card is about to be entered and never before.
import { page } from "./words.js";

let loading;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: page.stripeJs, async: true });
    script.addEventListener("load", () => resolve(window.Stripe));
    script.addEventListener("error", () => {
      loading = undefined;
      script.remove();
      reject(new Error("stripe_unavailable"));
    });
    document.head.append(script);
  });
  return loading;
}

/**
 * Mount the payment element of a checkout session. Resolves to `{confirm, unmount}`:
 * `confirm()` saves the card and answers `{type: "success"}` or `{type: "error", error}`.
 */
export async function mountCard({ publishableKey, clientSecret }, place) {
  const Stripe = await load();
  const stripe = Stripe(publishableKey, { locale: page.language });
  const checkout = await stripe.initCheckoutElementsSdk({
    clientSecret,
    elementsOptions: { appearance: appearance(), savedPaymentMethod: { enableSave: "never" } },
  });
  const element = checkout.createPaymentElement({ layout: "tabs" });
  element.mount(place);
  const loaded = await checkout.loadActions();
  if (loaded.type === "error") throw new Error(loaded.error.message);
  return {
    confirm: () => loaded.actions.confirm({ redirect: "if_required" }),
    unmount: () => element.destroy?.(),
  };
}

/**
 * Have the person confirm a payment at their bank, in the bank's own window. Answers `{error}` when
 * it was refused; what came of it in truth the server reads at Stripe.
 */
export async function confirmAtBank({ publishableKey, clientSecret, paymentMethod }) {
  const Stripe = await load();
  const stripe = Stripe(publishableKey, { locale: page.language });
  return stripe.confirmCardPayment(clientSecret, { payment_method: paymentMethod });
}

/** The site's own tokens, as they are in this scheme, for the fields inside Stripe's frame. */
function appearance() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("i");
  document.body.append(probe);
  const colour = (token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const variables = {
    colorPrimary: colour("pool"),
    colorBackground: colour("surface"),
    colorText: colour("ink-strong"),
    colorTextSecondary: colour("ink-muted"),
    colorDanger: colour("bad"),
    borderRadius: style.getPropertyValue("--radius").trim() || "6px",
    fontFamily: getComputedStyle(document.body).fontFamily,
    fontSizeBase: "16px",
  };
  const edge = colour("edge");
  probe.remove();
  return { theme: "stripe", variables, rules: { ".Input": { borderColor: edge, boxShadow: "none" } } };
}
