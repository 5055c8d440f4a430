//! Both kinds of builders, and what the real tools say of their packages.

mod deb;
mod errors;
mod rpm;
