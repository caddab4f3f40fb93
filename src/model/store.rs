//! Rows and their order.
