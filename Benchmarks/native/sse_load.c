// Drives many chat completion streams at once and reports what arrived, as one JSON line on stdout.
//
//   sse_load PORT STREAMS ROUNDS CHUNKS INTERVAL_US MODEL KEY_FILE
//
// STREAMS keep-alive connections each ask for ROUNDS streams one after the other; their starts are spread over the
// length of one stream. A chunk is an event that carries the sender's time ("t=" and 20 digits, see sse_backend.c).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { read_size = 65536, line_capacity = 1024, max_events = 512, filler_length = 700 };

// Where in a chunked HTTP answer the next byte belongs.
enum part { part_head, part_size, part_bytes, part_bytes_end, part_trailer };

struct line {
    size_t length;
    char text[line_capacity];
};

struct stream {
    int fd;
    int rounds_left;
    enum part part;
    bool saw_done;
    size_t chunk_left;
    uint64_t start_ns, asked_ns, last_ns;
    struct line frame, event;  // events may run over the borders of HTTP chunks, so each has a line of its own
};

struct samples {
    uint32_t *values;
    size_t count, capacity;
};

static struct samples delays, gaps, firsts;
static uint64_t bytes_received, chunks_received, streams_done, streams_failed;
static int streams_open;
static char request[4096];
static size_t request_length;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void add_sample(struct samples *samples, uint64_t ns) {
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 65536;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (!samples->values) {
            fail("realloc");
        }
    }
    uint64_t microseconds = ns / 1000;
    samples->values[samples->count++] = microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds;
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t percentile(struct samples *samples, unsigned percent) {
    return samples->count ? samples->values[(samples->count - 1) * percent / 100] : 0;
}

static void end_stream(struct stream *stream, const char *why) {
    if (why) {
        if (streams_failed++ == 0) {
            fprintf(stderr, "sse_load: %s: %.*s\n", why, (int)stream->frame.length, stream->frame.text);
        }
    }
    close(stream->fd);
    stream->fd = -1;
    streams_open--;
}

static void ask(struct stream *stream) {
    stream->part = part_head;
    stream->saw_done = false;
    stream->frame.length = stream->event.length = 0;
    stream->asked_ns = now_ns();
    stream->last_ns = 0;
    stream->rounds_left--;
    if (send(stream->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) {
        end_stream(stream, "send failed");
    }
}

static void note_chunk(struct stream *stream, const char *time_text, uint64_t now) {
    uint64_t written = strtoull(time_text, NULL, 10);
    add_sample(&delays, now > written ? now - written : 0);
    if (stream->last_ns) {
        add_sample(&gaps, now - stream->last_ns);
    } else {
        add_sample(&firsts, now - stream->asked_ns);
    }
    stream->last_ns = now;
    chunks_received++;
}

// One line of the event stream.
static void note_line(struct stream *stream, uint64_t now) {
    const char *time_text;
    if (strncmp(stream->event.text, "data: ", 6) != 0) {
        return;
    }
    if (strcmp(stream->event.text, "data: [DONE]") == 0) {
        stream->saw_done = true;
    } else if ((time_text = strstr(stream->event.text, " t="))) {
        note_chunk(stream, time_text + 3, now);
    }
}

// The answer is whole: ask again on the same connection, or stop.
static void finish_answer(struct stream *stream) {
    if (!stream->saw_done) {
        end_stream(stream, "ended without [DONE]");
        return;
    }
    streams_done++;
    if (stream->rounds_left > 0) {
        ask(stream);
    } else {
        end_stream(stream, NULL);
    }
}

// A line of the head or of the chunked framing. False when the answer is over.
static bool note_frame_line(struct stream *stream) {
    const struct line *line = &stream->frame;
    switch (stream->part) {
    case part_head:
        if (strncmp(line->text, "HTTP/1.1 ", 9) == 0 && strncmp(line->text + 9, "200", 3) != 0) {
            end_stream(stream, "refused");
            return false;
        }
        if (line->length == 0) {
            stream->part = part_size;
        }
        return true;
    case part_size:
        stream->chunk_left = strtoull(line->text, NULL, 16);
        stream->part = stream->chunk_left ? part_bytes : part_trailer;
        return true;
    case part_bytes_end:
        stream->part = part_size;
        return true;
    default:
        if (line->length == 0) {
            finish_answer(stream);
            return false;
        }
        return true;
    }
}

// Adds bytes to the line up to its newline; returns how many were used and whether the line is whole.
static size_t gather(struct line *line, const char *bytes, size_t count, bool *whole) {
    const char *newline = memchr(bytes, '\n', count);
    size_t used = newline ? (size_t)(newline - bytes) + 1 : count;
    size_t kept = newline ? used - 1 : used;
    size_t room = line_capacity - 1 - line->length;
    kept = kept < room ? kept : room;
    memcpy(line->text + line->length, bytes, kept);
    line->length += kept;
    *whole = newline != NULL;
    if (*whole && line->length > 0 && line->text[line->length - 1] == '\r') {
        line->length--;
    }
    line->text[line->length] = 0;
    return used;
}

static void take(struct stream *stream, const char *bytes, size_t count, uint64_t now) {
    bool whole;
    while (count > 0) {
        size_t used;
        if (stream->part == part_bytes) {
            used = gather(&stream->event, bytes, count < stream->chunk_left ? count : stream->chunk_left, &whole);
            stream->chunk_left -= used;
            if (whole) {
                note_line(stream, now);
                stream->event.length = 0;
            }
            if (stream->chunk_left == 0) {
                stream->part = part_bytes_end;
            }
        } else {
            used = gather(&stream->frame, bytes, count, &whole);
            if (whole && !note_frame_line(stream)) {
                return;
            }
            if (whole) {
                stream->frame.length = 0;
            }
        }
        bytes += used;
        count -= used;
    }
}

static void receive(struct stream *stream) {
    static char bytes[read_size];
    ssize_t got = recv(stream->fd, bytes, sizeof bytes, 0);
    if (got > 0) {
        bytes_received += (uint64_t)got;
        take(stream, bytes, (size_t)got, now_ns());
    } else if (got == 0 || errno != EAGAIN) {
        end_stream(stream, "connection lost");
    }
}

static void start(struct stream *stream, uint16_t port, int poll) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream->fd < 0 || connect(stream->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fail("connect");
    }
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = stream};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, stream->fd, &interest) < 0) {
        fail("epoll_ctl");
    }
    ask(stream);
}

static void prepare_request(const char *model, const char *key_file, int chunks, long interval_us) {
    char key[256] = "", body[2048], filler[filler_length + 1];
    FILE *file = fopen(key_file, "r");
    if (!file || fscanf(file, "%255s", key) != 1) {
        fail(key_file);
    }
    fclose(file);
    memset(filler, 'x', filler_length);
    filler[filler_length] = 0;
    snprintf(body, sizeof body,
             "{\"model\":\"%s\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":%d,"
             "\"messages\":[{\"role\":\"user\",\"content\":\"chunks=%d interval_us=%ld %s\"}]}",
             model, chunks, chunks, interval_us, filler);
    request_length = (size_t)snprintf(
        request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        key, strlen(body), body);
}

// Starts what is due and says how long to wait for the next start; -1 when all have started.
static int start_due(struct stream *streams, int count, int *started, uint16_t port, int poll) {
    uint64_t now = now_ns();
    while (*started < count && streams[*started].start_ns <= now) {
        start(&streams[(*started)++], port, poll);
    }
    return *started < count ? (int)((streams[*started].start_ns - now) / 1000000) + 1 : -1;
}

static void report(double seconds) {
    struct samples *all[] = {&delays, &gaps, &firsts};
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        if (all[index]->count) {
            qsort(all[index]->values, all[index]->count, sizeof(uint32_t), ascending);
        }
    }
    printf("{\"seconds\":%.6f,\"streams\":%llu,\"failed\":%llu,\"chunks\":%llu,\"bytes\":%llu,"
           "\"delay_p50_us\":%u,\"delay_p99_us\":%u,\"gap_p50_us\":%u,\"gap_p99_us\":%u,"
           "\"first_p50_us\":%u,\"first_p99_us\":%u}\n",
           seconds, (unsigned long long)streams_done, (unsigned long long)streams_failed,
           (unsigned long long)chunks_received, (unsigned long long)bytes_received, percentile(&delays, 50),
           percentile(&delays, 99), percentile(&gaps, 50), percentile(&gaps, 99), percentile(&firsts, 50),
           percentile(&firsts, 99));
}

int main(int count, char **arguments) {
    if (count != 8) {
        fprintf(stderr, "usage: sse_load PORT STREAMS ROUNDS CHUNKS INTERVAL_US MODEL KEY_FILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    uint16_t port = (uint16_t)atoi(arguments[1]);
    int wanted = atoi(arguments[2]), rounds = atoi(arguments[3]), chunks = atoi(arguments[4]), started = 0;
    long interval_us = atol(arguments[5]);
    prepare_request(arguments[6], arguments[7], chunks, interval_us);
    struct stream *streams = calloc((size_t)wanted, sizeof *streams);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || poll < 0) {
        fail("start");
    }
    uint64_t begin = now_ns(), one_stream_ns = (uint64_t)chunks * (uint64_t)interval_us * 1000;
    for (int index = 0; index < wanted; index++) {
        streams[index].rounds_left = rounds;
        streams[index].start_ns = begin + one_stream_ns * (uint64_t)index / (uint64_t)wanted;
    }
    streams_open = wanted;
    struct epoll_event events[max_events];
    while (streams_open > 0) {
        int wait_ms = start_due(streams, wanted, &started, port, poll);
        int ready = epoll_wait(poll, events, max_events, wait_ms);
        for (int index = 0; index < ready; index++) {
            receive(events[index].data.ptr);
        }
    }
    report((double)(now_ns() - begin) / 1e9);
    return streams_failed ? 1 : 0;
}
