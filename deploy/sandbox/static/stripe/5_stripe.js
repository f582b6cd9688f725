window.Stripe = function Stripe(publishableKey, options = {}) {
  if (typeof publishableKey !== "string" || !publishableKey.startsWith("pk_")) {
    throw new IntegrationError("Please call Stripe() with your publishable key (pk_…).");
  }
  const language = languageOf(options.locale);
  const controller = makeController(language);
  return {
    initCheckoutElementsSdk: (given) => initCheckoutElementsSdk(controller, language, given),
    ...paymentCalls(controller, language),
    initCheckout() {
      throw new IntegrationError("initCheckout() was renamed: call initCheckoutElementsSdk().");
    },
    elements() {
      throw new IntegrationError("The sandbox plays the Checkout Elements SDK only.");
    },
  };
};
window.Stripe.version = "sandbox";
