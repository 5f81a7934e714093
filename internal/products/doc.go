// Package products knows what a product's state is and which events follow when
// a platform says how it is now: first sight, a new price, a new quantity, any
// other difference.
//
// It must not know where states are kept, who says them, whom events go to, or
// clocks.
package products
