"""What every counter and gauge means: the one list that /metrics, the pages and the reference tell from.

A name is that of the Prometheus metric without `vedette_` and `_total`. `test_counters` compares it with what
the code counts and with docs/reference/metrics.md.
"""

STREAM = {
    "packets": "Packets of video and sound that came.",
    "reconnects": "Connections that failed and were tried again.",
    "open_failures": "Attempts to open that failed; one of the next says why.",
    "unauthorized": "Credentials refused.",
    "not_found": "No such path.",
    "not_permitted": "A file that may not be read.",
    "connect_failures": "Connection refused, or another failure.",
    "connect_timeouts": "Nothing within 10 s of opening.",
    "stalls": "Nothing for 10 s: taken as a broken connection.",
    "invalid_data": "Something that is no video: a web page, a damaged file.",
    "unsupported_codecs": "A codec that cannot be decoded.",
    "refused_sizes": "Pictures of no size, or of more than 64 megapixels.",
    "corrupt_packets": "Packets that could not be decoded.",
    "bad_pictures": "Files in a folder of pictures that are none.",
    "truncated_files": "Files without their end.",
    "broken_footage": "Footage that broke off.",
    "parameter_changes": "Changes of resolution or codec parameters: a new segment begins.",
    "clock_jumps": "Jumps of the stream's clock: likewise.",
    "packets_before_keyframe": "Packets before the first keyframe, of no use.",
    "audio_dropped": "Sound that cannot be understood.",
    "audio_out_of_order": "Sound whose time ran backwards.",
}
RECORDING = {
    "segments_opened": "Segments begun.",
    "segments_closed": "Segments complete.",
    "packets_not_recorded": "Packets lost to a failed disk, or of a codec that MP4 cannot hold.",
    "packets_refused": "Packets that the muxer refused.",
    "timestamp_jumps": "Steps of more than 30 s between two packets: a new segment begins.",
}
ANALYSIS = {
    "gate_looks": "Pictures that the gate compared.",
    "gate_opened": "Times something moved.",
    "keyframes_decoded": "Keyframes decoded while quiet.",
    "keyframes_corrupt": "Keyframes that could not be decoded.",
    "frames_decoded": "Frames decoded while the gate was open.",
    "frames_decoded_inside": "Frames decoded for looks inside long groups of pictures.",
    "frames_analysed": "Frames given to the detector.",
    "frames_late": "Frames older than the one before: not tracked.",
    "frames_without_size": "Frames of no size: not tracked.",
    "analysis_packets_dropped": "Packets not analysed, because analysis was behind; they are recorded.",
    "objects_detected": "Boxes found.",
    "detect_seconds": "Seconds spent on detection.",
    "load_steps_down": "Steps of load control to fewer frames.",
    "load_steps_up": "Steps of load control to more frames.",
    "events_start": "Events begun.",
    "events_update": "Updates of events.",
    "events_end": "Events ended.",
}
WORKER = {
    "process_cpu_seconds": "Processor time used.",
    "detector_jobs": "Frames that detectors looked at.",
    "detector_jobs_refused": "Frames that had to wait for the one before; they are offered again.",
    "detector_job_errors": "Looks that failed.",
    "camera_errors": "Cameras that could not be started or changed.",
    "disk_failures": "Times the recordings disk failed.",
    "disk_recoveries": "Times it was well again.",
    "disk_sync_errors": "Writes that the disk did not make durable.",
    "events_ended_late": "Events that a crashed worker left open, ended by the next.",
    "open_events_unreadable": "Notes of open events that were damaged.",
    "open_events_not_noted": "Notes of open events that the disk refused.",
    "outbox_appended": "Messages made durable.",
    "outbox_refused": "Messages refused because the outbox is full.",
    "outbox_write_errors": "Writes that the disk refused; the messages wait.",
    "outbox_damaged": "Damaged outbox files, set aside and replaced.",
    "outbox_set_aside": "Messages that the server could not take, kept aside.",
    "outbox_lost": "Messages lost at the end of a worker whose disk refused them.",
    "messages_lost": "Messages lost to a full outbox.",
    "link_connects": "Connections to the server.",
    "link_delivered": "Messages that the server has stored.",
    "link_resends": "Batches sent again.",
    "link_nacks": "Batches that the server could not store then.",
    "link_malformed": "Messages that could not be read.",
    "link_callback_errors": "Errors inside the worker while it answered the server.",
    "link_snapshots_refused": "Pictures asked for too fast.",
    "live_streams_started": "Live streams begun.",
    "live_leases_expired": "Live streams ended because nobody asked for them any more.",
    "live_errors": "Errors while making live streams; the camera's other work goes on.",
    "live_packets_dropped": "Packets left out of live view because it was behind; they are recorded.",
    "live_fragments_dropped": "Pieces of live view that were not sent; it goes on with the next keyframe.",
    "bus_frames_dropped": "Pictures that a full queue between processes refused.",
    "bus_detections_dropped": "Detections that a full queue between processes refused.",
    "bus_undecodable": "Messages between processes that could not be read.",
}
SERVER = {
    "messages_stored": "Messages stored.",
    "messages_rejected": "Messages that no row can hold.",
    "link_undecodable": "Messages that could not be read, given back to be set aside.",
    "link_handler_errors": "Batches or reports that could not be handled.",
    "link_unsent": "Answers to workers that had gone.",
    "link_snapshot_timeouts": "Pictures that did not come in time.",
    "database_errors": "The database did not answer.",
    "jobs_failed": "Runs of jobs that failed.",
    "monitor_errors": "Rounds of monitoring that failed.",
    "probe_errors": "Questions of the monitor that another part could not answer.",
    "incident_receiver_errors": "Incidents that could not be passed on.",
    "heartbeats_sent": "Heartbeats that the health-check service took.",
    "heartbeats_failed": "Heartbeats that it did not take, or that monitoring was not fit to send.",
    "segments_removed": "Segments that retention removed.",
    "alerts_sent": "Notifications that a channel took.",
    "alerts_send_errors": "Tries to send a notification that failed; they are tried again.",
    "alerts_errors": "Rounds of alert rules that failed.",
    "alerts_too_old": "Events that came too late to be told of.",
    "arming_receiver_errors": "Changes of arming that could not be passed on.",
    "camera_looks": "Pictures that zones and profiles were tried on.",
    "camera_searches": "Searches of the network for cameras.",
    "requests_refused": "Requests refused because they were too large or too many.",
    "live_sockets_opened": "Live views opened.",
    "live_socket_errors": "Errors inside the server that ended a live view.",
    "live_malformed": "Messages on live sockets that could not be read.",
    "live_stills_made": "Stills asked of the workers.",
    "live_unwatched": "Pieces of live view that nobody watched any more.",
    "live_viewer_skips": "Groups of pictures that a viewer's line was too slow for.",
    "live_readers_dropped": "Live readers that were too slow.",
    "logins": "Logins.",
    "logins_failed": "Logins refused.",
}
SUPERVISOR = {
    "restarts": "Processes that ended by themselves and were started again.",
    "unclean_exits": "Processes that did not end in order when told to.",
}
COUNTERS: dict[str, str] = STREAM | RECORDING | ANALYSIS | WORKER | SERVER | SUPERVISOR

CAMERA_GAUGES = {
    "camera_streaming": "1 while packets come.",
    "camera_recording": "1 while packets are recorded.",
    "gate_open": "1 while all frames are decoded.",
    "analysis_lag_seconds": "How far the frame being analysed is behind the newest packet.",
    "analysed_rate_fps": "Frames a second it is allowed now.",
    "frame_skip": "The same, as frames from one look to the next.",
    "load_limited": "1 while something moves and load holds the rate below the profile's.",
}
WORKER_GAUGES = {
    "node_revision": "The configuration that it runs.",
    "detector_queue_length": "Cameras that wait for a detector.",
    "detector_queue_wait_s": "How long they waited lately.",
    "outbox_messages": "Messages that wait for the server.",
    "outbox_bytes": "Their size.",
    "disk_stopped": "1 while recording has stopped because the disk failed.",
    "disk_total_bytes": "Size of the recordings disk.",
    "disk_free_bytes": "Free space on it.",
    "process_resident_bytes": "Memory used.",
    "threads": "Python threads.",
}
SERVER_GAUGES = {
    "live_readers": "Who listens to the live stream now.",
    "incidents_open": "Incidents that are open now.",
    "monitor_age_seconds": "Time since monitoring went round last.",
    "supervised_restarts": "How often each process was started again.",
    "supervised_running": "1 while the process runs.",
}
GAUGES: dict[str, str] = CAMERA_GAUGES | WORKER_GAUGES | SERVER_GAUGES

DROPS = frozenset(
    {
        "analysis_packets_dropped",
        "packets_not_recorded",
        "packets_refused",
        "outbox_refused",
        "outbox_lost",
        "messages_lost",
        "messages_rejected",
        "bus_frames_dropped",
        "bus_detections_dropped",
    }
)
"""Counters of what was lost or left out; those that keep growing are an incident (promise P3)."""


def help_of(name: str) -> str:
    """What a counter or gauge means; its name in words where nobody has said."""
    return COUNTERS.get(name) or GAUGES.get(name) or f"{name.replace('_', ' ').capitalize()}."
