//! Geometry, on the seed's `struct vfio_group`.

use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

use super::*;

fn drawn(marks: &Marks) -> Picture {
    let store = Store::seed().expect("the data are well formed");
    let kernels: Vec<&Kernel> = store.kernels().iter().collect();
    picture(&"struct vfio_group".parse().expect("a type"), &kernels, marks, 10_000).expect("it is there")
}

fn heads(lane: &Lane) -> Vec<&str> {
    lane.columns.iter().filter_map(|column| column.head.first()).map(|text| text.text.as_str()).collect()
}

fn named<'p>(column: &'p Column, name: &str) -> &'p Cell {
    let has = |cell: &&Cell| {
        cell.about.contains(&format!(" {name} (")) || cell.about.contains(&format!("*{name} ("))
    };
    column.cells.iter().find(has).unwrap_or_else(|| panic!("{name}"))
}

/// Twice the area of an outline, by the shoelace formula.
fn area(points: &[(f64, f64)]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs()
}

#[test]
fn kernels_that_lay_it_out_alike_share_a_column() {
    let picture = drawn(&Marks::new());
    assert_eq!(heads(&picture.lanes[0]), ["4.4 – 5.3", "5.4", "5.8 – 5.13", "5.15", "5.19", "6.2 – 6.8"]);
    assert_eq!(heads(&picture.lanes[1]), ["5.4", "arm64, armhf", "ppc64el", "riscv64"]);
    assert_eq!(
        picture.lanes[0].columns.iter().map(|column| column.state).collect::<Vec<_>>(),
        ["absent", "laid", "laid", "laid", "laid", "unknown"]
    );
}

#[test]
fn fields_are_to_scale_and_lie_within_their_column() {
    let picture = drawn(&Marks::new());
    for column in picture.lanes.iter().flat_map(|lane| &lane.columns) {
        for cell in &column.cells {
            for &(x, y) in &cell.points {
                let inside = (column.x..=column.x + column.width).contains(&x)
                    && (column.y - 0.01..=column.y + column.height + 0.01).contains(&y);
                assert!(inside && x < picture.width && y < picture.height, "{}", cell.about);
            }
        }
        // Nothing overlaps, and nothing is left open.
        let all: f64 = column.cells.iter().map(|cell| area(&cell.points)).sum();
        let whole = 2.0 * column.width * column.height;
        assert!(column.cells.is_empty() || (all - whole).abs() < 1.0, "{all} of {whole}");
    }
    let column = &picture.lanes[0].columns[1];
    let [minor, list] = ["minor", "device_list"].map(|name| area(&named(column, name).points));
    assert!((list - minor * 4.0).abs() < 0.01, "16 bytes and 4: {list} and {minor}");
}

#[test]
fn changes_are_told_on_both_sides() {
    let picture = drawn(&Marks::from([("minor".to_owned(), vec!["a.c:1".to_owned()])]));
    let columns = &picture.lanes[0].columns;
    assert_eq!((named(&columns[3], "minor").change, named(&columns[3], "minor").is_read), ("gone", true));
    assert_eq!(named(&columns[4], "opened_file").change, "new");
    assert_eq!(named(&columns[4], "dev").change, "retyped");
    assert_eq!(named(&columns[4], "container").change, "kept");
    assert!(named(&columns[4], "cdev").is_shortened && !named(&columns[4], "container").is_shortened);
    assert!(picture.has_marks && named(&columns[1], "minor").about.ends_with("read: a.c:1"));
    let bands = &picture.lanes[0].bands;
    let moved = "offset 16 → offset 856: iommu_group, container, device_list, device_lock";
    assert!(bands.iter().any(|band| band.change == "moved" && band.about == moved), "{bands:?}");
    assert!(
        bands.iter().any(|band| band.change == "same") && bands.iter().any(|band| band.change == "retyped")
    );
}
