import type { FrameMap, Grants, Participant, Publication, Welcome } from "../gen/fmz/v1/session_pb";
import type { Incoming } from "./messages";

/**
 * Maps of one publication that are kept: the one in force and the one before, for
 * pictures still on their way.
 */
const FRAME_MAPS_MAX = 2;

/** Participants and publications of the room, as the server told them. */
export class Room {
  name = "";
  title = "";
  server = "";
  /** This client's participant number. */
  self = 0;
  /** Number under which this client's marks stand, 0 without the grant. */
  author = 0;
  grants: Grants | undefined;
  readonly participants = new Map<number, Participant>();
  readonly publications = new Map<string, Publication>();

  welcome(welcome: Welcome): void {
    this.name = welcome.room;
    this.title = welcome.title;
    this.server = welcome.server;
    this.self = welcome.participant;
    this.author = welcome.author;
    this.grants = welcome.grants;
    this.participants.clear();
    this.publications.clear();
    for (const participant of welcome.participants) this.participants.set(participant.participant, participant);
    for (const publication of welcome.publications) this.publications.set(publication.publication, publication);
  }

  /** Takes a message in. Returns true if it changed the room. */
  handle(message: Incoming): boolean {
    switch (message.case) {
      case "participantJoined":
        return this.join(message.value.participant);
      case "participantLeft":
        return this.participants.delete(message.value.participant);
      case "publicationAdded":
        return this.publish(message.value.publication);
      case "publicationRemoved":
        return this.publications.delete(message.value.publication);
      case "publicationMuted":
        return this.change(message.value.publication, (publication) => {
          publication.muted = message.value.muted;
        });
      case "frameMap":
        return this.change(message.value.publication, (publication) => {
          publication.frameMaps = withMap(publication.frameMaps, message.value);
        });
      default:
        return false;
    }
  }

  private join(participant: Participant | undefined): boolean {
    if (!participant) return false;
    this.participants.set(participant.participant, participant);
    return true;
  }

  private publish(publication: Publication | undefined): boolean {
    if (!publication) return false;
    this.publications.set(publication.publication, publication);
    return true;
  }

  private change(id: string, alter: (publication: Publication) => void): boolean {
    const publication = this.publications.get(id);
    if (publication) alter(publication);
    return publication !== undefined;
  }
}

function withMap(maps: readonly FrameMap[], map: FrameMap): FrameMap[] {
  const others = maps.filter((other) => other.epoch !== map.epoch);
  return [...others, map].sort((left, right) => left.epoch - right.epoch).slice(-FRAME_MAPS_MAX);
}
