//! Reading and verifying the audit log.

use crate::{
    api::{
        ApiError,
        audit::{AuditEntry, AuditLog, AuditReport},
    },
    session::Session,
};

/// The newest `last` entries, oldest first; 0 is all.
///
/// # Errors
/// The session has ended, or the log does not parse.
pub async fn show(session: &Session, last: u64) -> Result<AuditLog, ApiError> {
    let entries = session.with_audit_log(gpgsmith_audit::Log::load).await?;
    let skip = match usize::try_from(last) {
        Ok(last) if last > 0 => entries.len().saturating_sub(last),
        _ => 0,
    };
    let entries = entries.into_iter().skip(skip).map(entry).collect();
    Ok(AuditLog { vault: session.vault_name().to_owned(), entries })
}

fn entry(entry: gpgsmith_audit::Entry) -> AuditEntry {
    let link = entry.chain().map(|link| ("chain".to_owned(), link.to_string()));
    let gpgsmith_audit::Entry { timestamp, action, details, mut metadata, .. } = entry;
    metadata.extend(link);
    AuditEntry { timestamp, action, details, metadata }
}

/// Checks the chain of the log.
///
/// # Errors
/// The session has ended, or the log does not parse.
pub async fn verify(session: &Session) -> Result<AuditReport, ApiError> {
    let report = session.with_audit_log(gpgsmith_audit::Log::verify).await?;
    let spans = |spans: &[gpgsmith_audit::Span]| {
        spans.iter().map(|span| (span.first as u64, span.last as u64)).collect()
    };
    Ok(AuditReport {
        vault: session.vault_name().to_owned(),
        entries: report.entries as u64,
        linked: report.linked as u64,
        head: report.head.to_string(),
        breaks: spans(&report.breaks),
        unlinked: spans(&report.unlinked),
    })
}
