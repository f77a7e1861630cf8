//! Emulated devices and colour schemes.

use serde_json::{Value, json};

/// The device that a page is shown on.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    width: u32,
    height: u32,
    scale: u32,
    /// A phone: touch input, and the page's viewport element applies.
    mobile: bool,
    dark: bool,
    /// Its user agent; `None` for Chromium's own.
    user_agent: Option<&'static str>,
}

impl Look {
    /// A desktop window.
    pub const DESKTOP: Self =
        Self { width: 1280, height: 900, scale: 1, mobile: false, dark: false, user_agent: None };

    /// A phone in portrait orientation, with dark colours.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
        scale: 2,
        mobile: true,
        dark: true,
        user_agent: Some(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        ),
    };

    /// With dark colours.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// With light colours.
    #[must_use]
    pub const fn light(self) -> Self {
        Self { dark: false, ..self }
    }

    /// With this width in CSS pixels.
    #[must_use]
    pub const fn wide(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// The commands of the `DevTools` protocol that emulate it.
    pub(crate) fn commands(self) -> Vec<(&'static str, Value)> {
        let scheme = if self.dark { "dark" } else { "light" };
        let features = [
            json!({ "name": "prefers-color-scheme", "value": scheme }),
            json!({ "name": "prefers-reduced-motion", "value": "reduce" }),
        ];
        let metrics = json!({
            "width": self.width, "height": self.height, "deviceScaleFactor": self.scale, "mobile": self.mobile,
        });
        let mut commands = vec![
            ("Emulation.setDeviceMetricsOverride", metrics),
            ("Emulation.setTouchEmulationEnabled", json!({ "enabled": self.mobile })),
            ("Emulation.setEmulatedMedia", json!({ "features": features })),
        ];
        if let Some(user_agent) = self.user_agent {
            commands.push(("Emulation.setUserAgentOverride", json!({ "userAgent": user_agent })));
        }
        commands
    }
}
