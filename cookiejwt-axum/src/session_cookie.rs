//! The session of tower-sessions follows the login.

use http::Extensions;

#[cfg(feature = "tower-sessions")]
use self::tower::TowerSession as Session;
#[cfg(not(feature = "tower-sessions"))]
use cookiejwt_store::NoSession as Session;

pub(crate) fn of(extensions: &Extensions) -> Session {
    #[cfg(feature = "tower-sessions")]
    let session = Session(extensions.get().cloned());
    #[cfg(not(feature = "tower-sessions"))]
    let session = {
        let _ = extensions;
        Session("turn on the feature `tower-sessions` of cookiejwt-axum")
    };
    session
}

#[cfg(feature = "tower-sessions")]
mod tower {
    use std::pin::Pin;

    use cookiejwt_store::{
        FrameworkSession, SESSION_USER_KEY, SessionChange, SessionCookieError, StoreError,
    };
    use tower_sessions_core::{Session, session::Error};

    /// Contains the version: the layer of another version adds a session of a different type, which
    /// is not found.
    const CURE: &str = "put `.layer(SessionManagerLayer::new(…))` of tower-sessions 0.15 around the routes (a session of \
                        another version is not seen)";

    #[derive(Debug)]
    pub(crate) struct TowerSession(pub(super) Option<Session>);

    impl FrameworkSession for TowerSession {
        fn carry_out<'a>(
            &'a self,
            change: &'a SessionChange,
        ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>> {
            Box::pin(async move {
                let session = self.0.as_ref().ok_or(SessionCookieError::Missing(CURE))?;
                follow(session, change).await.map_err(|error| StoreError::new(error).into())
            })
        }
    }

    async fn follow(session: &Session, change: &SessionChange) -> Result<(), Error> {
        let bound_to = session.get_value(SESSION_USER_KEY).await?;
        let bound_to = bound_to.as_ref().map(|user| user.as_str().unwrap_or_default());
        if !change.keeps_data_of(bound_to) && !session.is_empty().await {
            session.flush().await?;
        }
        if let SessionChange::Begins { subject, .. } = change {
            session.cycle_id().await?;
            session.insert(SESSION_USER_KEY, subject.as_str()).await?;
            // Saved now, so that an unavailable store refuses the login instead of losing the
            // session later.
            session.save().await?;
        }
        Ok(())
    }

    #[cfg(test)]
    #[test]
    fn the_cure_names_the_version_that_is_seen() {
        let manifest = include_str!("../../Cargo.toml");
        let line = manifest.lines().find(|line| line.starts_with("tower-sessions-core")).unwrap();
        let version = line.split('"').nth(1).unwrap();
        assert!(super::tower::CURE.contains(&format!("tower-sessions {version} ")));
    }
}
