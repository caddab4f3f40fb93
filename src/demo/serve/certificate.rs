//! The certificates of a run: an authority, and a server's certificate that it signed. Neither key is ever written.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use jiff::ToSpan;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::ServeError;

/// What proves that the server is the one that was started.
pub(super) struct Identity {
    /// Speaks TLS with the server's certificate.
    pub(super) acceptor: TlsAcceptor,
    /// The authority's certificate, as PEM.
    pub(super) authority: String,
}

impl Identity {
    /// A new one, for 127.0.0.1, ::1 and localhost.
    pub(super) fn new() -> Result<Identity, ServeError> {
        let wrong = |e: rcgen::Error| ServeError::Identity(e.to_string());
        let mut params = params("kubetui-demo-ca")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        // ECDSA on P-256: made in well under a millisecond.
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(wrong)?).map_err(wrong)?;

        let mut params = self::params("kubetui-demo")?;
        params.subject_alt_names = vec![
            SanType::IpAddress(Ipv4Addr::LOCALHOST.into()),
            SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
            SanType::DnsName("localhost".try_into().map_err(wrong)?),
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(wrong)?;
        let certificate = params.signed_by(&key, &authority).map_err(wrong)?;

        // Named, since a program may have several providers compiled in.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_no_client_auth())
            .and_then(|builder| {
                let key = PrivatePkcs8KeyDer::from(key.serialize_der());
                builder.with_single_cert(vec![certificate.der().clone()], key.into())
            })
            .map_err(|e| ServeError::Identity(e.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority.pem() })
    }
}

/// What both certificates have: a name, and a life from yesterday (clocks differ) for a year.
fn params(name: &str) -> Result<CertificateParams, ServeError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |span: jiff::Span| {
        let date = today.checked_add(span).map_err(|e| ServeError::Identity(e.to_string()))?;
        Ok(date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs()))
    };
    params.not_before = day(-1.day())?;
    params.not_after = day(1.year())?;
    Ok(params)
}
