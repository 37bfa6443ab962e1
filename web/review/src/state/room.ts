import { restAsk, RoomApi, RoomClient, type ClientOptions, type SharedDocument } from "@fmz/client";
import { batch } from "@preact/signals";
import { announceComments, announceRoom } from "./announcements";
import { Chosen } from "./chosen";
import { Connection } from "./connection";
import { Drafts } from "./drafts";
import { Edits } from "./edits";
import { Figures } from "./figures";
import { socketUrl, type RoomLink } from "./link";
import { LivePicture } from "./live-picture";
import { LocalMedia } from "./local-media";
import { Marks } from "./marks";
import { Notes } from "./notes";
import { Notices } from "./notices";
import { Panels } from "./panels";
import { People } from "./people";
import type { PictureSource } from "./picture-source";
import { PolygonDraft } from "./polygon-draft";
import { Presence } from "./presence";
import { Sources } from "./sources";
import { Tools } from "./tools";
import { Versions } from "./versions";
import { View } from "./view";
import { Visibility } from "./visibility";

/**
 * Below this width the panel is a sheet over the lower part of the page, and closed
 * at first, CSS px.
 */
const NARROW_PX = 900;

/**
 * Makes the parts of a room and connects them. A part is given the parts that it needs, and never
 * this; a component takes the parts that it shows from `context.ts`.
 */
export class RoomState {
  readonly connection: Connection;
  readonly api: RoomApi;
  readonly document: SharedDocument;
  readonly people: People;
  readonly presence: Presence;
  /** This person's own microphone, camera and screen. */
  readonly media: LocalMedia;
  readonly sources: Sources;
  readonly figures: Figures;
  readonly picture: PictureSource;
  readonly view: View;
  readonly marks: Marks;
  readonly edits: Edits;
  readonly visibility: Visibility;
  readonly notes: Notes;
  readonly versions: Versions;
  readonly tools = new Tools();
  readonly polygon = new PolygonDraft();
  readonly chosen: Chosen;
  readonly drafts = new Drafts();
  readonly panels = new Panels(window.innerWidth >= NARROW_PX);
  readonly notices = new Notices();

  constructor(
    readonly link: RoomLink,
    name: string,
    options: Pick<ClientOptions, "replica" | "sessionKey" | "dataChannels" | "iceTransportPolicy">,
  ) {
    const client = new RoomClient({ ...options, url: socketUrl(location), token: link.token, name });
    const { session } = client;
    this.document = session.document;
    this.api = new RoomApi({ ask: restAsk("", link.token), room: link.room, sessionKey: options.sessionKey });
    this.connection = new Connection(client, options.iceTransportPolicy === "relay");
    this.people = new People(this.document, this.connection.status);
    this.presence = new Presence(session);
    this.media = new LocalMedia(client.publisher, this.notices);
    this.sources = new Sources(this.people.self, (source) => this.media.preview(source));
    this.figures = new Figures(this.connection, this.sources);
    this.picture = new LivePicture(this.sources);
    this.view = new View(this.picture.size);
    this.marks = new Marks(this.document);
    this.edits = new Edits(this.document, this.marks.list);
    this.visibility = new Visibility(this.picture);
    this.notes = new Notes(this.marks, this.visibility, this.panels, this.drafts);
    this.versions = new Versions(this.api);
    this.chosen = new Chosen(this.document, this.marks, this.tools, this.people);
    this.listen(client);
  }

  private listen(client: RoomClient): void {
    const { session } = client;
    const { document, media, notices, people, polygon, sources, tools } = this;
    announceRoom(session, notices);
    announceComments(this.marks, people, notices);
    session.on("welcomed", () => {
      const { participants, self } = session.room;
      if (people.self.peek() === 0) tools.color.value = participants.get(self)?.color ?? 0;
    });
    session.on("room", (room) => {
      batch(() => {
        people.take(room);
        sources.take(room);
      });
    });
    document.on("refused", ({ code }) => {
      notices.refused(code);
    });
    client.on("streams", (streams) => {
      sources.streams.value = new Map(streams);
    });
    client.on("published", () => {
      batch(() => {
        media.refresh();
        // Previews are not signals: a component that shows one has to look again.
        sources.streams.value = new Map(sources.streams.peek());
      });
    });
    client.on("publishRefused", () => {
      notices.show("publish", "banner.publishRefused");
    });
    tools.tool.subscribe((tool) => {
      if (tool !== "polygon") polygon.drop();
    });
  }
}
