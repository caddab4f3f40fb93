#!/usr/bin/env bash
# Records what an API server says about its own API, for the demo cluster to say the same: OpenAPI v3 documents, aggregated
# discovery and /version, written to src/demo/recorded/. The same server gives the same bytes.
#
#   KUBECTL="kubectl --context admin" tests/record/openapi.sh
#
# KUBECTL (default: kubectl) reaches the cluster with rights to read everything; its metrics API has to be there.
# Needs bash, curl, jq, gzip, sha512sum.
set -euo pipefail
export LC_ALL=C
read -ra kubectl <<<"${KUBECTL:-kubectl}"
to=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/src/demo/recorded

# One version of each resource, and what the demo serves. In the order of the files' names.
versions=(
    admissionregistration.k8s.io/v1
    apiextensions.k8s.io/v1
    apiregistration.k8s.io/v1
    apps/v1
    authentication.k8s.io/v1
    authorization.k8s.io/v1
    autoscaling/v2
    batch/v1
    certificates.k8s.io/v1
    coordination.k8s.io/v1
    discovery.k8s.io/v1
    metrics.k8s.io/v1beta1
    networking.k8s.io/v1
    node.k8s.io/v1
    policy/v1
    rbac.authorization.k8s.io/v1
    scheduling.k8s.io/v1
    storage.k8s.io/v1
    v1
)
wanted=$(printf '%s\n' "${versions[@]}" | jq -R . | jq -sc .)

# Only a proxy lets the Accept header be chosen. Its process group is its own, so that it ends with its children.
work=$(mktemp -d)
set -m
"${kubectl[@]}" proxy --port=0 >"$work/proxy" &
proxy=$!
set +m
trap 'kill -- -$proxy 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    at=$(sed -n 's/^Starting to serve on //p' "$work/proxy")
    [ -n "$at" ] && break
    sleep 0.1
done
[ -n "$at" ] || { echo "no proxy to the cluster" >&2; exit 1; }

fetch() { curl -fsS -H "Accept: $2" "http://$at$1"; }
pack() { gzip -9n >"$to/$1.json.gz"; }

rm -rf "$to"
mkdir -p "$to"

fetch /version application/json | jq -cS . >"$to/version.json"

aggregated='application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
for root in api apis; do
    fetch "/$root" "$aggregated" | jq -cS --argjson wanted "$wanted" '
        .items |= [
            .[] | (.metadata.name // "") as $group
            | .metadata |= del(.creationTimestamp)
            | .versions |= [.[] | select(if $group == "" then .version else $group + "/" + .version end | IN($wanted[]))]
            | select(.versions != [])
        ]'
done | jq -cS -n '{api: input, apis: input}' | pack discovery

# Components whole. Of the paths what kubectl reads: the kind of each resource (explain), whether PATCH knows fieldValidation
# and dryRun (create, apply) and takes strategic merge patches (apply).
for version in "${versions[@]}"; do
    case $version in */*) path=apis/$version ;; *) path=api/$version ;; esac
    fetch "/openapi/v3/$path" application/json | jq -cS '
        def operation: {
            "x-kubernetes-action", "x-kubernetes-group-version-kind", operationId,
            parameters: [.parameters[]? | select(.in == "query") | {name, in, schema}],
            requestBody: (.requestBody | if . then {content: (.content | map_values({}))} else null end),
            responses: {"200": {description: "OK"}}
        } | with_entries(select(.value != null and .value != []));
        {openapi, info, components: {schemas: .components.schemas}, paths: (
            .paths | with_entries(
                select((.key | test("/watch/") | not) and (.key | test("\\{name\\}/") | not))
                | .value |= (
                    if .patch["x-kubernetes-group-version-kind"] then {patch: .patch | operation}
                    else with_entries(select(.value | type == "object" and has("x-kubernetes-group-version-kind"))
                        | select(.key != "delete") | .value |= (operation | del(.parameters)))
                    end)
                | select(.value != {}))
        )}' >"$work/document"
    sha512sum "$work/document" | jq -Rc --arg path "$path" \
        '{($path): {serverRelativeURL: ("/openapi/v3/" + $path + "?hash=" + (split(" ")[0] | ascii_upcase))}}' >>"$work/index"
    pack "$(tr / . <<<"$path")" <"$work/document"
done
jq -cS -s '{paths: add}' "$work/index" >"$to/index.json"
du -cb "$to"/* | sort -n
