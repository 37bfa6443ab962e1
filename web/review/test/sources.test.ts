import { create, Source } from "@fmz/client";
import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { PublicationSchema } from "../../sdk/src/gen/fmz/v1/session_pb";
import { Sources } from "../src/state/sources";

const SELF = 1;
const OWN_STREAM = { id: "own" } as MediaStream;
const published = (publication: string, participant: number, source: Source) => create(PublicationSchema, { publication, participant, source });
const MY_SCREEN = published("my screen", SELF, Source.SCREEN);
const SCREEN = published("screen", 2, Source.SCREEN);
const FILM = published("film", 3, Source.PROGRAM);
const MY_CAMERA = published("my camera", SELF, Source.CAMERA);
const CAMERA = published("camera", 2, Source.CAMERA);

const made = (): Sources => new Sources(signal(SELF), (source) => (source === Source.CAMERA ? OWN_STREAM : undefined));

test.each([
  ["a film before all else", [MY_CAMERA, CAMERA, SCREEN, FILM], "film"],
  ["a screen, that of another before the own one", [MY_SCREEN, SCREEN, CAMERA], "screen"],
  ["the own screen before a camera", [CAMERA, MY_SCREEN], "my screen"],
  ["the camera of another", [MY_CAMERA, CAMERA], "camera"],
  ["nothing if there is only the own camera", [MY_CAMERA], undefined],
])("%s is large", (_, publications, main) => {
  const sources = made();
  sources.publications.value = publications;
  expect(sources.main.peek()?.publication).toBe(main);
});

test("the publication that the viewer chose is large while it is there", () => {
  const sources = made();
  sources.publications.value = [CAMERA, MY_CAMERA, FILM];
  sources.enlarged.value = "camera";
  expect([sources.main.peek()?.publication, sources.tiles.peek().map(({ publication }) => publication)]).toEqual(["camera", ["my camera"]]);
  sources.publications.value = [MY_CAMERA, FILM];
  expect(sources.main.peek()?.publication).toBe("film");
});

test("own tracks are shown as they are, those of others as they arrive", () => {
  const sources = made();
  const arrived = { id: "arrived" } as MediaStream;
  sources.streams.value = new Map([["camera", arrived], ["my camera", arrived]]);
  expect([CAMERA, MY_CAMERA, MY_SCREEN].map((each) => sources.streamOf(each))).toEqual([arrived, OWN_STREAM, undefined]);
});
