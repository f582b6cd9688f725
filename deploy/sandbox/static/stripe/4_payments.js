// Calls on a PaymentIntent with the person there: confirm it with a saved card, pass the bank.
function paymentCalls(controller, language) {
  async function retrievePaymentIntent(clientSecret) {
    return controller.ask("payment-intent", { clientSecret });
  }

  async function passBank(answer, clientSecret) {
    if (answer.error || answer.paymentIntent.status !== "requires_action") return answer;
    const result = await showChallenge(clientSecret, language);
    return result.error ? result : retrievePaymentIntent(clientSecret);
  }

  async function handleNextAction({ clientSecret } = {}) {
    if (!clientSecret) throw new IntegrationError("handleNextAction() needs a `clientSecret`.");
    const answer = await retrievePaymentIntent(clientSecret);
    return passBank(answer, clientSecret);
  }

  async function confirmCardPayment(clientSecret, data = {}, options = {}) {
    if (data.payment_method !== undefined && typeof data.payment_method !== "string") {
      throw new IntegrationError("The sandbox confirms with a saved card: pass its id.");
    }
    const answer = await controller.ask("confirm-payment", {
      clientSecret,
      paymentMethod: data.payment_method,
      returnUrl: data.return_url,
    });
    return options.handleActions === false ? answer : passBank(answer, clientSecret);
  }

  async function confirmPayment({ clientSecret, confirmParams = {}, redirect } = {}) {
    const answer = await confirmCardPayment(clientSecret, confirmParams);
    if (answer.error || redirect === "if_required") return answer;
    const target = new URL(confirmParams.return_url);
    target.searchParams.set("payment_intent", answer.paymentIntent.id);
    target.searchParams.set("payment_intent_client_secret", clientSecret);
    target.searchParams.set("redirect_status", "succeeded");
    window.location.assign(target);
    return new Promise(() => {});
  }

  return { retrievePaymentIntent, handleNextAction, confirmCardPayment, confirmPayment };
}
