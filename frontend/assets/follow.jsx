// One video from its first sign of life on: progress from the event stream, playback while it is drawn, then the film
// with its captions and the timeline of its feelings.
import { useCallback, useEffect, useRef, useState } from "react";
import { imageOf } from "$/public/portrait.jsx";

const STAGES = ["parsing", "speaking", "drawing", "composing"];
const FINAL = ["succeeded", "failed", "cancelled"];
const AGAIN_MS = 2000;
const SOON_MS = 200;

function clock(seconds, words) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} ${words.seconds}`;
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
}

// The job as the event stream tells it; a stream that breaks is opened again, at a renewed address where needed.
function useJob(address, first, onFinal, onLost) {
  const [job, setJob] = useState(first);
  const [lost, setLost] = useState(false);
  const told = useRef({ onFinal, onLost });
  told.current = { onFinal, onLost };
  const open = address && !FINAL.includes(first.status);
  useEffect(() => {
    if (!open) return undefined;
    let timer = 0;
    const events = new EventSource(`${address}/events`);
    events.addEventListener("job", (event) => {
      setLost(false);
      const next = JSON.parse(event.data);
      setJob(next);
      if (FINAL.includes(next.status)) {
        events.close();
        told.current.onFinal(next.status);
      }
    });
    events.onerror = () => {
      setLost(true);
      // Refused, not merely interrupted: by itself the browser would not try again.
      if (events.readyState === EventSource.CLOSED) timer = setTimeout(() => told.current.onLost(), AGAIN_MS);
    };
    return () => {
      clearTimeout(timer);
      events.close();
    };
  }, [address, open]);
  useEffect(() => {
    if (FINAL.includes(first.status)) {
      setJob(first);
      setLost(false);
    }
  }, [first.status]);
  return [job, lost];
}

// Attaches what can be played by now to the video element: HLS while it is made, the file when it is whole.
function useFilm(video, address, job, eager) {
  const [live, setLive] = useState(false);
  const [playable, setPlayable] = useState(false);
  const hls = useRef(null);
  const whole = job.status === "succeeded";
  const dead = job.status === "failed" || job.status === "cancelled";
  // Its stage is the one furthest behind: the first sentences may be drawn while the last ones are still spoken.
  const begun = job.status === "running" && job.stage && job.stage !== "parsing";
  useEffect(() => {
    if (!address || !begun || hls.current) return undefined;
    let ended = false;
    let timer = 0;
    const start = async () => {
      const { default: Hls } = await import("hls.js");
      if (ended || !video.current) return;
      const url = `${address}/hls/master.m3u8`;
      const found = await fetch(url).catch(() => null);
      if (ended) return;
      if (!found?.ok) {
        timer = setTimeout(start, SOON_MS);
      } else if (Hls.isSupported()) {
        // From the beginning, not from where the drawing is.
        const player = new Hls({ startPosition: 0, maxBufferLength: 60, liveDurationInfinity: false });
        hls.current = player;
        player.on(Hls.Events.ERROR, (_, data) => {
          if (!data.fatal) return;
          player.destroy();
          hls.current = null;
          setLive(false);
          setPlayable(false);
          if (!ended) timer = setTimeout(start, AGAIN_MS);
        });
        player.loadSource(url);
        player.attachMedia(video.current);
        setPlayable(true);
        setLive(true);
        if (eager) video.current.play().catch(() => {});
      } else if (video.current.canPlayType("application/vnd.apple.mpegurl")) {
        video.current.src = url;
        setPlayable(true);
        setLive(true);
      }
    };
    start();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [address, begun]);
  useEffect(() => {
    if (!whole || !address || !video.current) return undefined;
    const element = video.current;
    const change = () => {
      hls.current?.destroy();
      hls.current = null;
      setLive(false);
      const at = element.ended ? 0 : element.currentTime;
      element.src = `${address}/content`;
      if (at) element.currentTime = at;
    };
    setPlayable(true);
    // Whoever watches already goes on watching; the file takes over at the end.
    if (hls.current && !element.ended && (element.currentTime > 0 || !element.paused)) {
      element.addEventListener("ended", change, { once: true });
      return () => element.removeEventListener("ended", change);
    }
    change();
    if (eager) element.play().catch(() => {});
    return undefined;
  }, [address, whole]);
  useEffect(() => {
    if (!dead) return;
    hls.current?.destroy();
    hls.current = null;
    setLive(false);
    setPlayable(false);
  }, [dead]);
  useEffect(() => () => hls.current?.destroy(), []);
  return [playable, live && !whole];
}

function Progress({ job, lost, words }) {
  const percent = Math.round(job.progress * 100);
  const at = STAGES.indexOf(job.stage);
  const queued = job.status === "queued";
  const now = queued ? words.queued : words[job.stage] ?? words.starting;
  const aside = queued && job.queue_position
    ? `${words.place} ${job.queue_position}`
    : job.eta_s ? `${clock(job.eta_s, words)} ${words.left}` : "";
  return (
    <div className="progress" data-lost={lost || undefined}>
      <div className="progress-line">
        <strong>{lost ? words.reconnecting : now}</strong>
        <span>{aside}</span>
        <span className="percent">{percent} %</span>
      </div>
      <div
        className="bar"
        role="progressbar"
        aria-label={words.being_made}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${now}, ${percent} %`}
      >
        <i style={{ transform: `translateX(${(Math.max(job.progress, 0.015) - 1) * 100}%)` }} />
      </div>
      <ol className="steps" aria-hidden="true">
        {STAGES.map((stage, index) => (
          <li key={stage} data-state={index < at ? "done" : index === at ? "now" : "later"}>{words[`step_${stage}`]}</li>
        ))}
      </ol>
      <div className="visually-hidden" role="status">{lost ? words.reconnecting : `${now} ${aside && queued ? aside : ""}`}</div>
    </div>
  );
}

function Timeline({ spans, duration, video, words }) {
  const head = useRef(null);
  useEffect(() => {
    let frame = 0;
    const move = () => {
      if (head.current && video.current) {
        head.current.style.left = `${Math.min(100, (video.current.currentTime / duration) * 100)}%`;
      }
      frame = requestAnimationFrame(move);
    };
    move();
    return () => cancelAnimationFrame(frame);
  }, [duration]);
  return (
    <div className="timeline" role="group" aria-label={words.timeline}>
      <div className="track">
        {spans.map((one, index) => (
          <button
            key={index}
            type="button"
            data-emotion={one.emotion}
            style={{ left: `${(one.start / duration) * 100}%`, width: `${((one.end - one.start) / duration) * 100}%` }}
            aria-label={`${one.label}: ${one.text}`}
            title={`${one.label}: ${one.text}`}
            onClick={() => {
              video.current.currentTime = one.start;
              video.current.play().catch(() => {});
            }}
          >
            <span>{one.label}</span>
          </button>
        ))}
        <i ref={head} aria-hidden="true" />
      </div>
    </div>
  );
}

export function FilmStage({ base, job: first, portrait, spans, duration, size, captions, words, onFinal, onRenew }) {
  const video = useRef(null);
  const eager = useRef(false);
  const address = base && first.id ? `${base}/v1/videos/${first.id}` : "";
  const [poster, setPoster] = useState("");
  const [playing, setPlaying] = useState(false);
  const [drawn, setDrawn] = useState(false);
  const [job, lost] = useJob(address, first, onFinal, onRenew);
  const [playable, live] = useFilm(video, address, job, eager.current || !FINAL.includes(first.status));
  const whole = job.status === "succeeded";
  const dead = job.status === "failed" || job.status === "cancelled";

  useEffect(() => {
    setPoster(imageOf(portrait, base) || (whole ? `${address}/thumbnail.jpg` : ""));
  }, [portrait, base, whole, address]);
  const play = useCallback(() => video.current?.play().catch(() => {}), []);

  // A player that has no picture yet is grey: until then the portrait is in its place.
  const shown = playable && drawn;
  const ratio = size?.[0] ? size[0] / size[1] : undefined;
  return (
    <section className="film" aria-label={words.video}>
      <div className="stage" data-dead={dead || undefined} data-dim={(!shown && !dead) || undefined}>
        {poster && <img className="backdrop" src={poster} alt="" aria-hidden="true" />}
        {poster && !shown && <img className="poster" src={poster} alt="" />}
        <video
          ref={video}
          className="screen"
          data-shown={shown || undefined}
          style={ratio ? { "--ratio": ratio } : undefined}
          controls={playable}
          playsInline
          crossOrigin="anonymous"
          preload="metadata"
          aria-label={words.video}
          onLoadedData={() => setDrawn(true)}
          onEmptied={() => setDrawn(false)}
          onPlay={() => setPlaying(true)}
          onPause={() => setPlaying(false)}
        >
          {whole && <track kind="captions" src={`${address}/captions.vtt`} srcLang={captions} label={words.captions} />}
        </video>
        {live && shown && <div className="badge" data-live><i aria-hidden="true" />{words.live}</div>}
        {playable && !playing && (
          <button type="button" className="play" aria-label={words.play} onClick={play}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5v14l11-7z" /></svg>
          </button>
        )}
      </div>
      {whole && duration > 0 && <Timeline spans={spans} duration={duration} video={video} words={words} />}
      {!whole && !dead && <Progress job={job} lost={lost} words={words} />}
    </section>
  );
}
