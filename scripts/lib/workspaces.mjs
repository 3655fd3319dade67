// The packages of this repository, in the order in which they can be built.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** Every workspace with its manifest, dependencies before dependents. */
export function listWorkspaces() {
  const found = new Map(['packages', 'examples'].flatMap(readFolder).map((one) => [one.manifest.name, one]));
  const ordered = new Set();
  const visit = (workspace, path) => {
    if (ordered.has(workspace) || path.includes(workspace)) return;
    for (const name of dependencyNames(workspace.manifest)) {
      if (found.has(name)) visit(found.get(name), [...path, workspace]);
    }
    ordered.add(workspace);
  };
  for (const workspace of found.values()) visit(workspace, []);
  return [...ordered];
}

/** The workspaces that are published to npm. */
export function listPublished() {
  return listWorkspaces().filter(({ manifest }) => !manifest.private);
}

function readFolder(parent) {
  return readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => {
      const folder = join(root, parent, entry.name);
      return { folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
    });
}

function dependencyNames({ dependencies, devDependencies, peerDependencies }) {
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
}
