//! A login at an identity provider (OpenID Connect), by `openidconnect`.

use cookiejwt_store::{Checked, PendingLogin};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    TokenResponse as _,
    core::{CoreClient, CoreProviderMetadata, CoreResponseType},
    reqwest,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use crate::{ProofsError, Settings, User, Users};

/// What the callback needs. A pending login keeps it in the browser, sealed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Journey {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Journey {
    /// A random nonce and a random PKCE verifier (RFC 7636).
    pub fn random() -> Self {
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        Self { nonce: Nonce::new_random(), verifier }
    }
}

/// With an authorization endpoint, and perhaps those for tokens and for the user's data.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The identity provider.
#[derive(Debug)]
pub struct Provider {
    issuer: IssuerUrl,
    id: ClientId,
    secret: ClientSecret,
    redirect: RedirectUrl,
    http: reqwest::Client,
    metadata: OnceCell<CoreProviderMetadata>,
}

impl Provider {
    /// `None` without `PROVIDER_ISSUER`.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, ProofsError> {
        let Some(issuer) = settings.provider_issuer.clone() else { return Ok(None) };
        // An answer of the provider must not send the server elsewhere.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Some(Self {
            issuer: IssuerUrl::new(issuer)?,
            id: ClientId::new(settings.client_id.clone()),
            secret: ClientSecret::new(settings.client_secret.clone()),
            redirect: RedirectUrl::new(settings.public_url("/provider/callback"))?,
            http,
            metadata: OnceCell::new(),
        }))
    }

    /// Asked at the first login, so that the application starts without its provider.
    async fn metadata(&self) -> Result<&CoreProviderMetadata, ProofsError> {
        let ask = || CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http);
        self.metadata.get_or_try_init(ask).await.map_err(ProofsError::provider)
    }

    async fn client(&self) -> Result<Client, ProofsError> {
        let (metadata, secret) = (self.metadata().await?.clone(), Some(self.secret.clone()));
        let client = CoreClient::from_provider_metadata(metadata, self.id.clone(), secret);
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }

    /// Where the browser is sent to.
    pub async fn url(&self, journey: &Journey, pending: &PendingLogin) -> Result<Url, ProofsError> {
        let client = self.client().await?;
        let (state, nonce) = (CsrfToken::new(pending.id.clone()), journey.nonce.clone());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, _, _) = client
            .authorize_url(flow, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&journey.verifier))
            .url();
        Ok(url)
    }

    /// Exchanges the code of the callback, and says whose account it is. The future is in a box:
    /// what it keeps is large.
    pub async fn check(
        &self,
        users: &Users,
        pending: &PendingLogin,
        code: String,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        Box::pin(self.exchange(users, pending, code)).await
    }

    async fn exchange(
        &self,
        users: &Users,
        pending: &PendingLogin,
        code: String,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        let Some(Journey { nonce, verifier }) = pending.read_data() else { return Ok(None) };
        let client = self.client().await?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(ProofsError::provider)?;
        let tokens = request.set_pkce_verifier(verifier).request_async(&self.http).await;
        let tokens = match tokens {
            Ok(tokens) => tokens,
            Err(openidconnect::RequestTokenError::ServerResponse(refusal)) => {
                tracing::info!(%refusal, "the provider refused the code");
                return Ok(None);
            }
            Err(error) => return Err(ProofsError::provider(error)),
        };
        let Some(token) = tokens.id_token() else { return Ok(None) };
        match token.claims(&client.id_token_verifier(), &nonce) {
            Ok(claims) => Ok(Some(Checked::user(&users.of_provider(claims.subject()).await?))),
            Err(error) => {
                tracing::info!(%error, "the token of the provider was refused");
                Ok(None)
            }
        }
    }
}
