"""The sandbox: enough of Stripe and Resend, in one process, to develop and test against."""
