use bytes::Bytes;
use cookiejwt_core::{Problem, RequestHead};
use http::header;
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The body of a request, as far as it was read.
#[derive(Clone, Debug)]
pub enum Body {
    /// All of it.
    Complete(Bytes),
    /// There is more than [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
    TooLarge,
    /// It broke off.
    Broken,
}

/// What a body may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Form,
}

/// What one of the endpoints reads from a body; its JSON form is the struct itself.
pub(super) trait FromBody: DeserializeOwned {
    fn from_form(bytes: &[u8]) -> Option<Self>;

    /// Whether no field is blank.
    fn is_complete(&self) -> bool;
}

/// JSON or a form, whatever else the body is called: a JSON text sent as `text/plain` is a form that a foreign
/// site could send.
pub(super) fn read<T: FromBody>(head: &RequestHead<'_>, body: Body) -> Result<T, Problem> {
    let media_type = MediaType::of(head).ok_or(Problem::UnsupportedMediaType)?;
    let bytes = match body {
        Body::Complete(bytes) => bytes,
        Body::TooLarge => return Err(Problem::BodyTooLarge),
        Body::Broken => return Err(Problem::InvalidRequest),
    };
    let body: Option<T> = match media_type {
        MediaType::Json => json_object(&bytes),
        MediaType::Form => T::from_form(&bytes),
    };
    body.filter(T::is_complete).ok_or(Problem::InvalidRequest)
}

/// A login.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtCredentials))]
pub(super) struct LoginBody {
    /// Not blank.
    #[cfg_attr(feature = "openapi", schema(pattern = r"\S"))]
    pub(super) username: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) password: Zeroizing<String>,
    /// Whether the cookies outlive the browser.
    #[serde(default = "remembered")]
    pub(super) remember: bool,
}

const fn remembered() -> bool {
    true
}

impl FromBody for LoginBody {
    /// A browser's form leaves an unchecked box out: absent means no.
    fn from_form(bytes: &[u8]) -> Option<Self> {
        let remember = form_field(bytes, "remember").map(|value| ["true", "on", "1"].contains(&&*value));
        Some(Self {
            username: form_field(bytes, "username")?,
            password: form_field(bytes, "password")?.into(),
            remember: remember.unwrap_or(false),
        })
    }

    fn is_complete(&self) -> bool {
        !self.username.trim().is_empty() && !self.password.is_empty()
    }
}

/// The password of who is logged in.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtPassword))]
pub(super) struct FreshLoginBody {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) password: Zeroizing<String>,
}

impl FromBody for FreshLoginBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self { password: form_field(bytes, "password")?.into() })
    }

    fn is_complete(&self) -> bool {
        !self.password.is_empty()
    }
}

/// A change of the password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtPasswordChange))]
pub(super) struct PasswordBody {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) current_password: Zeroizing<String>,
    /// At most 1024 bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 8, max_length = 1024))]
    pub(super) new_password: Zeroizing<String>,
}

impl FromBody for PasswordBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            current_password: form_field(bytes, "current_password")?.into(),
            new_password: form_field(bytes, "new_password")?.into(),
        })
    }

    fn is_complete(&self) -> bool {
        !self.current_password.is_empty() && !self.new_password.is_empty()
    }
}

/// What a refresh needs in token mode.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtRefresh))]
pub(super) struct RefreshBody {
    #[cfg_attr(feature = "openapi", schema(pattern = r"\S"))]
    pub(super) refresh: String,
}

impl FromBody for RefreshBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self { refresh: form_field(bytes, "refresh")? })
    }

    fn is_complete(&self) -> bool {
        !self.refresh.trim().is_empty()
    }
}

impl MediaType {
    const ALL: [Self; 2] = [Self::Json, Self::Form];

    /// The type without its parameters.
    pub(super) const fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    fn of(head: &RequestHead<'_>) -> Option<Self> {
        let essence = head.text(&header::CONTENT_TYPE)?.split(';').next()?.trim();
        Self::ALL.into_iter().find(|known| essence.eq_ignore_ascii_case(known.essence()))
    }
}

/// The `refresh` of a logout's body; anything else in it is ignored.
pub(super) fn refresh_member(head: &RequestHead<'_>, body: &Body) -> Option<String> {
    let Body::Complete(bytes) = body else { return None };
    let member: Option<RefreshBody> = match MediaType::of(head)? {
        MediaType::Json => json_object(bytes),
        MediaType::Form => RefreshBody::from_form(bytes),
    };
    member.map(|member| member.refresh)
}

/// One object; serde would read a struct from a list as well.
fn json_object<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(bytes).ok()).flatten()
}

/// A field that is there exactly once, in UTF-8.
fn form_field(bytes: &[u8], name: &str) -> Option<String> {
    let decoded = form_urlencoded::parse(bytes);
    let mut values = decoded.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next()?;
    (values.next().is_none() && !value.contains(char::REPLACEMENT_CHARACTER)).then_some(value)
}
