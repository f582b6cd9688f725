"""checkout: carts, prices, stock, cards. It says yes or no before anything is promised."""
