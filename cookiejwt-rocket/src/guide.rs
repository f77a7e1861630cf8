#![doc = include_str!("../docs/guide.md")]

#[doc(inline)]
pub use cookiejwt_store::guide::*;
