import { ApiError } from "@fmz/client";
import { describe, expect, test } from "vitest";
import { invite, type InviteParts } from "../src/state/invite";

const OWN_LINK = "https://r.example/r/demo#token=the.owners.own";
const GUEST_LINK = "https://r.example/r/demo#token=a.guests.token";

/** Invites, and returns what came of it, the grants that were asked for, and what was copied. */
async function tried(over: Partial<InviteParts> = {}) {
  const asked: unknown[] = [];
  const copied: string[] = [];
  const parts: InviteParts = {
    api: {
      invite: (grants) => {
        asked.push(grants);
        return Promise.resolve({ token: "a.guests.token" });
      },
    },
    rights: { own: true, publish: true },
    room: "demo",
    page: { href: OWN_LINK, origin: "https://r.example" },
    copy: (text) => {
      copied.push(text);
      return Promise.resolve();
    },
    ...over,
  };
  return { invited: await invite(parts), asked, copied };
}

describe("an owner invites", () => {
  test("by a link of a new guest", async () => {
    expect(await tried()).toEqual({ invited: { kind: "copied" }, asked: [["view", "annotate", "publish"]], copied: [GUEST_LINK] });
  });

  test("with no more grants than the owner has", async () => {
    expect((await tried({ rights: { own: true, publish: false } })).asked).toEqual([["view", "annotate"]]);
  });

  test.each([
    [new ApiError(0, "unreachable", ""), "invite.refused.unreachable"],
    [new ApiError(403, "forbidden", ""), "invite.refused.rights"],
    [new ApiError(500, "internal", ""), "invite.refused.other"],
    [new ApiError(0, "malformed", ""), "invite.refused.other"],
    [new TypeError("a fault of the page"), "invite.refused.other"],
  ])("and copies nothing, never the owner's own link, if that fails: %o", async (cause, reason) => {
    const { invited, copied } = await tried({ api: { invite: () => Promise.reject(cause) } });
    expect([invited, copied]).toEqual([{ kind: "refused", reason }, []]);
  });

  test("and sees the guest's link if the page has no clipboard", async () => {
    const { invited } = await tried({ copy: () => Promise.reject(new Error("not secure")) });
    expect(invited).toEqual({ kind: "shown", link: GUEST_LINK });
  });
});

test("somebody who does not own the room passes on their own link, and asks for no token", async () => {
  const rights = { own: false, publish: true };
  expect(await tried({ rights })).toEqual({ invited: { kind: "copied" }, asked: [], copied: [OWN_LINK] });
});
