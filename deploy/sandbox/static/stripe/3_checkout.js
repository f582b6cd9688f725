// The Checkout Elements SDK for sessions in setup mode.
const NO_AMOUNT = { minorUnitsAmount: 0, amount: "$0.00" };

function initCheckoutElementsSdk(controller, language, given = {}) {
  if (!given.clientSecret) {
    throw new IntegrationError("initCheckoutElementsSdk() needs a `clientSecret`.");
  }
  const defaults = given.defaultValues ?? {};
  const state = {
    clientSecret: Promise.resolve(given.clientSecret),
    known: null,
    email: defaults.email ?? null,
    phoneNumber: defaults.phoneNumber ?? null,
    billingAddress: defaults.billingAddress ?? null,
    shippingAddress: defaults.shippingAddress ?? null,
    isComplete: false,
    lastError: null,
  };
  const listeners = new Listeners();
  const checkout = {
    language,
    elementsOptions: { ...given.elementsOptions },
    paymentElement: null,
    setComplete(isComplete) {
      if (state.isComplete === isComplete) return;
      state.isComplete = isComplete;
      changed();
    },
  };

  function changed() {
    if (state.known) listeners.tell("change", session());
  }

  function email() {
    return state.known.email ?? state.email;
  }

  function session() {
    const { id, currency, status } = state.known;
    const isOpen = status.type === "open";
    return {
      id,
      livemode: false,
      currency,
      currencyOptions: null,
      minorUnitsAmountDivisor: 100,
      status,
      canConfirm: isOpen && state.isComplete && Boolean(email()),
      email: email(),
      phoneNumber: state.phoneNumber,
      businessName: null,
      billingAddress: state.billingAddress,
      shippingAddress: state.shippingAddress,
      shipping: null,
      shippingOptions: [],
      savedPaymentMethods: null,
      lastPaymentError: state.lastError,
      lineItems: [],
      discountAmounts: null,
      recurring: null,
      surcharge: null,
      tax: { status: "ready" },
      taxAmounts: null,
      taxIdInfo: null,
      total: {
        appliedBalance: NO_AMOUNT,
        balanceAppliedToNextInvoice: false,
        discount: NO_AMOUNT,
        shippingRate: NO_AMOUNT,
        subtotal: NO_AMOUNT,
        surcharge: NO_AMOUNT,
        taxExclusive: NO_AMOUNT,
        taxInclusive: NO_AMOUNT,
        total: NO_AMOUNT,
      },
    };
  }

  function success() {
    changed();
    return { type: "success", session: session() };
  }

  function failure(message, code = null, more = {}) {
    return { type: "error", error: { message, code, ...more } };
  }

  function checkEmail(address) {
    const isSpanish = language === "es";
    if (!address || !address.trim()) {
      return failure(
        isSpanish ? "Escribe tu correo electrónico." : "Your email is incomplete.",
        "incompleteEmail",
      );
    }
    if (!/^[^\s@]+@[^\s@]+$/.test(address.trim())) {
      return failure(
        isSpanish ? "El correo electrónico no es válido." : "Your email is invalid.",
        "invalidEmail",
      );
    }
    return null;
  }

  async function confirm(args = {}) {
    const inside = checkout.paymentElement?.inside;
    if (!inside?.isMounted()) {
      throw new IntegrationError("Please mount a Payment Element before you call confirm().");
    }
    const returnUrl = args.returnUrl ?? state.known.returnUrl;
    if (!returnUrl && args.redirect !== "if_required") {
      throw new IntegrationError("confirm() needs a `returnUrl`, here or on the session.");
    }
    if (args.email && !state.known.email) state.email = args.email;
    const wrongEmail = state.known.email ? null : checkEmail(email());
    if (wrongEmail) return failure(wrongEmail.error.message);
    for (const name of ["phoneNumber", "billingAddress", "shippingAddress"]) {
      if (args[name] !== undefined) state[name] = args[name];
    }
    let answer = await inside.submit({
      clientSecret: await state.clientSecret,
      email: email(),
      phone: state.phoneNumber,
      billing: state.billingAddress,
      shipping: state.shippingAddress,
    });
    if (answer.session?.requiresAction) {
      answer = await showChallenge(await state.clientSecret, language);
    }
    if (answer.error) return declined(answer.error);
    state.known = { ...state.known, ...answer.session };
    state.lastError = null;
    if (args.redirect !== "if_required") {
      window.location.assign(returnUrl.replaceAll("{CHECKOUT_SESSION_ID}", state.known.id));
      return new Promise(() => {});
    }
    return success();
  }

  function declined(error) {
    if (error.type !== "card_error") return failure(error.message);
    state.lastError = { message: error.message };
    changed();
    const declineCode = error.decline_code ?? null;
    return failure(error.message, "paymentFailed", { paymentFailed: { declineCode } });
  }

  function setter(name) {
    return async (value) => {
      state[name] = value;
      return success();
    };
  }

  const actions = {
    confirm,
    getSession: session,
    async updateEmail(address) {
      if (state.known.email) return failure("The session's email cannot be changed.", "invalidEmail");
      const wrong = address === null ? null : checkEmail(address);
      if (wrong) return wrong;
      state.email = address === null ? null : address.trim();
      return success();
    },
    updatePhoneNumber: setter("phoneNumber"),
    updateBillingAddress: setter("billingAddress"),
    updateShippingAddress: setter("shippingAddress"),
    async runServerUpdate(update) {
      await update();
      await load();
      return success();
    },
    async validateElements() {
      const inside = checkout.paymentElement?.inside;
      const wrong = inside?.isMounted() ? await inside.validate() : null;
      if (wrong === null) return success();
      return failure(wrong, "validation_error", {
        validation_errors: [{ message: wrong, element: "payment" }],
      });
    },
  };

  async function load() {
    const answer = await controller.ask("session", { clientSecret: await state.clientSecret });
    if (answer.session) state.known = answer.session;
    return answer;
  }

  return {
    on: (type, handler) => listeners.on(type, handler),
    async loadActions() {
      const answer = await load();
      return answer.error ? failure(answer.error.message) : { type: "success", actions };
    },
    createPaymentElement(options = {}) {
      if (checkout.paymentElement) {
        throw new IntegrationError("This checkout already has a Payment Element.");
      }
      checkout.paymentElement = makePaymentElement(checkout, { ...options });
      return checkout.paymentElement.element;
    },
    getPaymentElement: () => checkout.paymentElement?.element ?? null,
    changeAppearance(appearance) {
      checkout.elementsOptions.appearance = appearance;
      checkout.paymentElement?.inside.configure();
    },
    loadFonts(fonts) {
      checkout.elementsOptions.fonts = [...(checkout.elementsOptions.fonts ?? []), ...fonts];
      checkout.paymentElement?.inside.configure();
    },
  };
}
