//! What a browser sends by itself for a device-bound session: it registers a key, and proves it.
//! Rows are those of [`cookiejwt_core::rules`].

use cookiejwt_core::driver::{
    BindAssessment, DeviceAttempt, DeviceDecision, DeviceReply, DeviceStep, RenewAssessment, RequestHead,
};

use crate::authenticator::Authenticator;

impl Authenticator {
    /// Binds a session to the key that a browser registers (W3C Device Bound Session Credentials):
    /// `POST device/`. It reads no cookie and sets none: the challenge of the login permits it.
    pub async fn bind_device(&self, head: impl Into<RequestHead<'_>>) -> DeviceReply {
        self.start_background();
        let (head, now) = (head.into(), self.timestamp());
        let prefix = &self.0.routes.prefix;
        let revoked = |id: &_| self.0.sessions.revoked_here(id, now);
        let decision = match self.0.keys.core().bind_device(head, prefix, now, &revoked) {
            BindAssessment::Settled(decision) => decision,
            BindAssessment::Bind(binding) => match self.0.tokens.bounded().bind(binding.request()).await {
                Ok(outcome) => binding.complete(outcome),
                Err(_) => binding.store_failed(),
            },
        };
        self.device_reply(decision)
    }

    /// Renews a session with a proof of its device: `POST device/refresh/`. The cookies are in the
    /// reply.
    pub async fn renew_device(&self, head: impl Into<RequestHead<'_>>) -> DeviceReply {
        self.start_background();
        let (head, now) = (head.into(), self.timestamp());
        let prefix = &self.0.routes.prefix;
        let revoked = |id: &_| self.0.sessions.revoked_here(id, now);
        let decision = match self.0.keys.core().renew_device(head, prefix, now, &revoked) {
            RenewAssessment::Settled(decision) => decision,
            // Boxed: the future of a refresh is large, and few requests are renewals.
            RenewAssessment::NeedsSession(attempt) => Box::pin(self.renew_with_session(*attempt)).await,
        };
        self.device_reply(decision)
    }

    /// Rows P10 to P19: the row, the user, and then the rotation of any other refresh.
    async fn renew_with_session(&self, attempt: DeviceAttempt) -> DeviceDecision {
        let Ok(row) = self.0.tokens.bounded().find(attempt.session_id()).await else {
            return attempt.store_failed();
        };
        if let Some(row) = &row {
            self.0.sessions.see(row, self.timestamp());
        }
        match attempt.with_session(row.as_ref()) {
            DeviceStep::Settled(decision) => decision,
            DeviceStep::Refresh(attempt, renewal) => {
                let settlement = self.rotate(*attempt).await;
                let mut decision = self.record(self.apply(settlement).await);
                // A slow response must not replace the cookies of whoever has logged in meanwhile.
                decision.cookies = self.leaving(&decision).await;
                renewal.reply(&decision, self.now())
            }
        }
    }

    fn device_reply(&self, decision: DeviceDecision) -> DeviceReply {
        self.0.events.device(&decision);
        decision.reply
    }
}
