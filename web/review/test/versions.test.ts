import { ApiError, create, type NamedVersion, type Restore } from "@fmz/client";
import { expect, test } from "vitest";
import { DocumentSnapshotSchema } from "../../sdk/src/gen/fmz/v1/annotation_pb";
import { Versions, type VersionsApi } from "../src/state/versions";

const version = (id: string): NamedVersion => ({ ...{ id, base: undefined, revision: 7, author: 2, name: "Cut", message: "" }, committedMs: 0, stateHash: "", automatic: false });

/** An interface that keeps what it was asked, and answers all of it. */
function api(asked: unknown[], over: Partial<VersionsApi> = {}): VersionsApi {
  return {
    versions: (page) => {
      const before = page?.before;
      asked.push(["versions", before]);
      return Promise.resolve({ versions: [version(before ?? "9")], next: before ? undefined : "8" });
    },
    commit: (commit) => {
      asked.push(["commit", commit.name]);
      return Promise.resolve({ version: version("10"), overwritten: [] });
    },
    document: () => Promise.resolve(create(DocumentSnapshotSchema, { objects: [{ deleted: true }, { createdRevision: 2n }, { createdRevision: 1n }] })),
    restore: (wanted: Restore) => {
      asked.push(["restore", wanted]);
      return Promise.resolve({ revision: 12, target: 7, objects: 2 });
    },
    ...over,
  };
}

test("pages of versions follow each other", async () => {
  const versions = new Versions(api([]));
  await versions.refresh();
  await versions.loadMore();
  await versions.loadMore();
  expect([versions.list.peek().map(({ id }) => id), versions.more.peek()]).toEqual([["9", "8"], undefined]);
});

test("an older state is shown in drawing order, without what was deleted", async () => {
  const versions = new Versions(api([]));
  await versions.look(version("9"));
  expect(versions.preview.peek()?.objects.map(({ createdRevision }) => createdRevision)).toEqual([1n, 2n]);
});

test("a restore ends the look at a version, and is undone by restoring the state before it", async () => {
  const asked: unknown[] = [];
  const versions = new Versions(api(asked));
  await versions.look(version("9"));
  await versions.restore({ version: "9" }, "mine", undefined);
  expect([versions.preview.peek(), versions.restored.peek()?.objects]).toEqual([undefined, 2]);
  await versions.undoRestore();
  expect(versions.restored.peek()).toBeUndefined();
  const restores = asked.filter((each) => Array.isArray(each) && each[0] === "restore");
  expect(restores).toEqual([["restore", { to: { version: "9" }, of: "mine" }], ["restore", { to: { revision: 11 } }]]);
});

test("a restore that changed nothing has nothing to undo: the revision before it is somebody's mark", async () => {
  const asked: Restore[] = [];
  const restore = (wanted: Restore): ReturnType<VersionsApi["restore"]> => {
    asked.push(wanted);
    return Promise.resolve({ revision: 12, target: 12, objects: 0 });
  };
  const versions = new Versions(api([], { restore }));
  await versions.restore({ revision: 12 }, "all", undefined);
  await versions.undoRestore();
  expect(asked).toEqual([{ to: { revision: 12 }, of: "all" }]);
});

test("requests go one after the other, and one that fails leaves its code until the next", async () => {
  const asked: unknown[] = [];
  const versions = new Versions(api(asked, { restore: () => Promise.reject(new ApiError(403, "forbidden", "not yours")) }));
  const faults: unknown[] = [];
  versions.fault.subscribe((fault) => faults.push(fault));
  await Promise.all([versions.restore({ revision: 1 }, "all", undefined), versions.name("Cut 2")]);
  expect([faults, versions.busy.peek(), versions.restored.peek()]).toEqual([[undefined, "forbidden", undefined], false, undefined]);
  expect(asked).toContainEqual(["commit", "Cut 2"]);
});
