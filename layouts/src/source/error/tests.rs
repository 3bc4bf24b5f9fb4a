use super::*;

#[test]
fn messages_name_file_place_and_help() {
    let problem = Problem::NoBtf { module: false, dwarf: true }.inside("the decompressed vmlinux");
    assert_eq!(
        SourceError::new("vmlinuz", problem).to_string(),
        "vmlinuz: in the decompressed vmlinux: has no .BTF section: it has only DWARF; add BTF with pahole -J FILE"
    );
    assert_eq!(
        Problem::OldBootProtocol { version: 0x0207 }.to_string().split(',').next(),
        Some("bzImage of boot protocol 2.07")
    );
    let needs = Problem::NeedsBase { release: Some("6.1".to_owned()), distilled: true }.to_string();
    assert!(needs.contains("vmlinux of 6.1") && needs.contains(".BTF.base"), "{needs}");
    assert!(Problem::Ambiguous { offsets: vec![16, 255] }.to_string().contains("0x10, 0xff"));
}

#[test]
fn first_bytes_are_few() {
    assert_eq!(first_bytes(b"\x7fELF"), "7f 45 4c 46");
    assert_eq!(first_bytes(&[0; 100]).len(), 8 * 3 - 1);
    assert_eq!(first_bytes(b""), "nothing");
}
