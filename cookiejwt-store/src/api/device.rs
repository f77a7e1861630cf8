//! The responses to what a browser sends by itself for a device-bound session.

use cookiejwt_core::driver::{DeviceReply, RequestHead};
use http::{HeaderName, HeaderValue, StatusCode};

use super::endpoints::Api;
use crate::request::Reply;

const CHALLENGE: HeaderName = HeaderName::from_static("secure-session-challenge");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

impl Api {
    /// `POST device/`.
    pub(super) async fn bind_device(&self, head: RequestHead<'_>) -> Reply {
        self.of_device(self.0.bind_device(head).await)
    }

    /// `POST device/refresh/`.
    pub(super) async fn renew_device(&self, head: RequestHead<'_>) -> Reply {
        self.of_device(self.0.renew_device(head).await)
    }

    fn of_device(&self, reply: DeviceReply) -> Reply {
        let reply = match reply {
            DeviceReply::Bound { instructions } => json(instructions),
            DeviceReply::Renewed { instructions, challenge, cookies } => {
                self.with_cookies(json(instructions), &cookies).with_header(CHALLENGE, challenge)
            }
            DeviceReply::Ended { instructions, cookies } => self.with_cookies(json(instructions), &cookies),
            DeviceReply::Challenge { challenge } => sign(challenge),
            DeviceReply::Problem(problem) => Reply::problem(problem),
        };
        // No page of the application takes its place: a browser would end the session.
        reply.settled().with_header(RESOURCE_POLICY, HeaderValue::from_static("same-origin"))
    }
}

fn json(instructions: String) -> Reply {
    Reply::raw("application/json", instructions.into()).never_stored()
}

/// 403 without a body: a browser signs this challenge and asks again.
fn sign(challenge: HeaderValue) -> Reply {
    let mut reply = Reply::no_content();
    reply.status = StatusCode::FORBIDDEN;
    reply.with_header(CHALLENGE, challenge)
}
