//! Which row decided, for the events.

use crate::{
    decide::CsrfDenial,
    device::{DeviceEnd, DeviceFault},
};

/// Which row decided about a request of the browser's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new row must break its callers")]
pub enum DeviceReason {
    /// B1: sessions are not bound here.
    Disabled,
    /// B2, P1: not what a browser sends.
    Malformed,
    /// B3, B4, B7, B8: nothing is bound.
    Refused(DeviceFault),
    /// B5.
    Bound,
    /// B6: the same key once more.
    BoundAgain,
    /// B9, P10, P15, P19: a store could not be asked.
    Unavailable,
    /// P2: the CSRF table denies.
    Csrf(CsrfDenial),
    /// P3: the refresh token is from a node whose clock or keys are ahead.
    Early,
    /// P7, P9, P13: a fresh challenge.
    Challenged,
    /// P4, P5, P6, P8, P11, P12, P14.
    Ended(DeviceEnd),
    /// P15: new tokens cannot be minted.
    MintFailed,
    /// P16, P17.
    Renewed,
}
