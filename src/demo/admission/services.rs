//! What services are given: addresses, node ports, families (`pkg/registry/core/service/storage/alloc.go`).

use std::collections::HashSet;
use std::net::Ipv4Addr;

use crate::demo::refusal::{Cause, Refusal};
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// `--service-cluster-ip-range`: 10.96.0.0/16.
const FIRST: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const ADDRESSES: u32 = 1 << 16;
/// `--service-node-port-range`.
const PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// Times that chance is asked before the first free one is taken.
const TRIED: usize = 32;

/// Gives a service, new or changed, what it has not.
///
/// # Errors
/// What it asks for is taken or out of range, or nothing is left.
pub(super) fn allocate(world: &mut World, tree: &mut Tree) -> Result<(), Refusal> {
    if tree.text("spec.type") == "ExternalName" {
        return Ok(());
    }
    families(tree);
    address(world, tree)?;
    if tree.text("spec.type") == "NodePort" || (tree.text("spec.type") == "LoadBalancer" && tree.flag("spec.allocateLoadBalancerNodePorts"))
    {
        ports(world, tree)?;
    }
    if tree.text("spec.type") == "LoadBalancer"
        && tree.text("spec.externalTrafficPolicy") == "Local"
        && tree.at("spec.healthCheckNodePort").is_null()
    {
        let taken = taken_ports(world, tree);
        let port = free_port(world, &taken)?;
        tree.set("spec.healthCheckNodePort", port);
    }
    Ok(())
}

/// One family, as this cluster has; a headless service without a selector is of whatever its endpoints are of.
fn families(tree: &mut Tree) {
    let headless = tree.text("spec.clusterIP") == "None";
    if headless && tree.at("spec.selector").is_empty() && tree.at("spec.ipFamilyPolicy").is_null() && tree.at("spec.ipFamilies").is_empty()
    {
        tree.set("spec.ipFamilyPolicy", "RequireDualStack");
        tree.set("spec.ipFamilies", vec![Tree::from("IPv4"), "IPv6".into()]);
    }
    tree.set_default("spec.ipFamilyPolicy", "SingleStack");
    if tree.at("spec.ipFamilies").is_empty() {
        tree.set("spec.ipFamilies", vec![Tree::from("IPv4")]);
    }
}

fn invalid(tree: &Tree, cause: Cause) -> Refusal {
    Refusal::invalid("Service", "", tree.text("metadata.name"), vec![cause])
}

fn others<'a>(world: &'a World, tree: &'a Tree) -> impl Iterator<Item = &'a Tree> {
    let uid = tree.text("metadata.uid");
    world.store.list("services", None).filter(move |other| *other.uid != *uid).map(|other| &other.tree)
}

fn address(world: &mut World, tree: &mut Tree) -> Result<(), Refusal> {
    let asked = match tree.text("spec.clusterIP") {
        "" => tree.at("spec.clusterIPs")[0].as_str().unwrap_or("").to_owned(),
        said => said.to_owned(),
    };
    if asked.is_empty() {
        let taken: HashSet<String> = others(world, tree).map(|o| o.text("spec.clusterIP").to_owned()).collect();
        let at = |offset: u64| Ipv4Addr::from(FIRST + offset as u32).to_string();
        // Neither the network itself nor its broadcast address.
        let free = (0..TRIED).map(|_| 1 + world.random.below(u64::from(ADDRESSES) - 2)).map(at).find(|a| !taken.contains(a));
        let found = free.or_else(|| (1..u64::from(ADDRESSES) - 1).map(at).find(|a| !taken.contains(a)));
        let Some(found) = found else {
            return Err(Refusal::new(500, "InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full"));
        };
        tree.set("spec.clusterIP", found.as_str());
    } else {
        if asked != "None" {
            check_address(world, tree, &asked)?;
        }
        tree.set("spec.clusterIP", asked);
    }
    let first = tree.at("spec.clusterIP").clone();
    if tree.at("spec.clusterIPs")[0] != first {
        tree.set("spec.clusterIPs", vec![first]);
    }
    Ok(())
}

fn check_address(world: &World, tree: &Tree, asked: &str) -> Result<(), Refusal> {
    // Text that is no address is for validation to refuse.
    let Ok(address) = asked.parse::<Ipv4Addr>() else { return Ok(()) };
    let why = if !(FIRST..FIRST + ADDRESSES).contains(&u32::from(address)) {
        format!("failed to allocate IP {asked}: the provided network does not match the current range")
    } else if others(world, tree).any(|o| o.text("spec.clusterIP") == asked) {
        format!("failed to allocate IP {asked}: provided IP is already allocated")
    } else {
        return Ok(());
    };
    Err(invalid(tree, Cause::invalid("spec.clusterIPs", serde_json::json!([asked]), &why)))
}

/// By protocol: TCP and UDP of one number may share a port within a service only.
fn taken_ports(world: &World, tree: &Tree) -> HashSet<i64> {
    let ports = others(world, tree).flat_map(|o| {
        let each = o.at("spec.ports").items().iter().map(|p| p.int("nodePort", 0));
        each.chain([o.int("spec.healthCheckNodePort", 0)])
    });
    ports.filter(|&port| port > 0).collect()
}

fn free_port(world: &mut World, taken: &HashSet<i64>) -> Result<i64, Refusal> {
    let span = (PORTS.end() - PORTS.start() + 1).unsigned_abs();
    let chance = (0..TRIED).map(|_| PORTS.start() + world.random.below(span).cast_signed()).find(|port| !taken.contains(port));
    chance
        .or_else(|| PORTS.clone().find(|port| !taken.contains(port)))
        .ok_or_else(|| Refusal::new(500, "InternalError", "Internal error occurred: failed to allocate a nodePort: range is full"))
}

fn ports(world: &mut World, tree: &mut Tree) -> Result<(), Refusal> {
    let mut taken = taken_ports(world, tree);
    let mut own: Vec<(i64, String)> = Vec::new();
    for at in 0..tree.at("spec.ports").items().len() {
        let port = &tree.at("spec.ports")[at];
        let (asked, protocol) = (port.int("nodePort", 0), port.text("protocol").to_owned());
        if asked == 0 {
            continue;
        }
        let why = if !PORTS.contains(&asked) {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if taken.contains(&asked) || own.contains(&(asked, protocol.clone())) {
            "provided port is already allocated"
        } else {
            own.push((asked, protocol));
            continue;
        };
        return Err(invalid(tree, Cause::invalid(format!("spec.ports[{at}].nodePort"), asked, why)));
    }
    taken.extend(own.iter().map(|(port, _)| *port));
    for at in 0..tree.at("spec.ports").items().len() {
        if tree.at("spec.ports")[at].int("nodePort", 0) == 0 {
            let port = free_port(world, &taken)?;
            taken.insert(port);
            tree.at_mut("spec.ports").items_mut()[at].set("nodePort", port);
        }
    }
    Ok(())
}

/// What an update leaves out stays as it was (`patchAllocatedValues`), and what the new type has no use for goes
/// (`dropTypeDependentFields`).
pub(super) fn carry_over(old: &Tree, new: &mut Tree) {
    let (was, is) = (old.text("spec.type").to_owned(), new.text("spec.type").to_owned());
    if is == "ExternalName" {
        if was != is {
            let same = |new: &Tree, field: &str| new.at(field).equals(old.at(field));
            for field in ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy", "spec.internalTrafficPolicy"] {
                if same(new, field) {
                    new.remove(field);
                }
            }
        }
    } else if was != "ExternalName" {
        for field in ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"] {
            if new.at(field).is_empty() && !old.at(field).is_empty() {
                new.set(field, old.at(field).clone());
            }
        }
    }
    let outside = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    let count = new.at("spec.ports").items().len();
    for at in 0..count {
        let port = &new.at("spec.ports")[at];
        let number = port.int("nodePort", 0);
        let (key, protocol) = (port.int("port", 0), port.text("protocol").to_owned());
        let before = old.at("spec.ports").items().iter().find(|p| p.int("port", 0) == key && p.text("protocol") == protocol);
        let before = before.map_or(0, |p| p.int("nodePort", 0));
        if number == 0 && before > 0 && outside(&was) && outside(&is) {
            new.at_mut("spec.ports").items_mut()[at].set("nodePort", before);
        } else if outside(&was) && !outside(&is) && number > 0 && number == before {
            new.at_mut("spec.ports").items_mut()[at].remove("nodePort");
        }
    }
    if is == "LoadBalancer"
        && was == is
        && new.at("spec.healthCheckNodePort").is_null()
        && new.text("spec.externalTrafficPolicy") == "Local"
    {
        let port = old.at("spec.healthCheckNodePort").clone();
        if !port.is_null() {
            new.set("spec.healthCheckNodePort", port);
        }
    }
    let unused: &[&str] = match &*is {
        "LoadBalancer" => &[],
        "NodePort" => &["spec.allocateLoadBalancerNodePorts", "spec.loadBalancerClass", "spec.healthCheckNodePort"],
        _ => &["spec.allocateLoadBalancerNodePorts", "spec.loadBalancerClass", "spec.healthCheckNodePort", "spec.externalTrafficPolicy"],
    };
    for field in unused {
        let external = *field == "spec.externalTrafficPolicy" && !new.at("spec.externalIPs").is_empty();
        if was != is && !external && new.at(field).equals(old.at(field)) {
            new.remove(field);
        }
    }
}
