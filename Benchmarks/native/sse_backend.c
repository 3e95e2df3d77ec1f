// A fake backend that answers every POST with a chat completion stream, one write a chunk at a fixed pace.
//
//   sse_backend PORT
//
// The request body says the shape anywhere in its text: "chunks=N interval_us=N". Each chunk carries the monotonic time
// it was written at ("t=" and 20 digits), so that the load driver on the same machine can tell the delay on the way.
// Streams that run at the same time are expected to have the same interval: they wait in one first-in-first-out queue.
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

enum { max_request = 16384, max_events = 512, frame_capacity = 1024 };

// Waking at most this often keeps the cost of timers small against the cost of writes.
static const uint64_t tick_ns = 100 * 1000;

struct connection {
    int fd;
    bool streaming;
    uint64_t frames_left;
    uint64_t interval_ns, due_ns;
    struct connection *next;
    size_t request_length, pending_length, pending_sent;
    char request[max_request + 1], pending[frame_capacity];
};

static struct connection *queue_head, *queue_tail;

static const char response_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

static const char content_event[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\","
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" t=%020llu\"},\"finish_reason\":null}]}\n\n";

static const char final_events[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\","
    "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\","
    "\"choices\":[],\"usage\":{\"prompt_tokens\":250,\"completion_tokens\":64,\"total_tokens\":314}}\n\n"
    "data: [DONE]\n\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void enqueue(struct connection *connection) {
    connection->next = NULL;
    if (queue_tail) {
        queue_tail->next = connection;
    } else {
        queue_head = connection;
    }
    queue_tail = connection;
}

static struct connection *dequeue(void) {
    struct connection *first = queue_head;
    queue_head = first->next;
    if (!queue_head) {
        queue_tail = NULL;
    }
    return first;
}

static void end_connection(struct connection *connection) {
    close(connection->fd);
    free(connection);
}

static uint64_t number_after(const char *text, const char *name, uint64_t otherwise) {
    const char *found = strstr(text, name);
    return found ? strtoull(found + strlen(name), NULL, 10) : otherwise;
}

// The length of the first whole request in the buffer; 0 while it is not all there.
static size_t whole_request(struct connection *connection) {
    connection->request[connection->request_length] = 0;
    char *end = strstr(connection->request, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    char *length = strcasestr(connection->request, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoull(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    size_t total = (size_t)(end - connection->request) + 4 + body;
    return connection->request_length >= total ? total : 0;
}

static void begin_stream(struct connection *connection) {
    connection->streaming = true;
    connection->frames_left = number_after(connection->request, "chunks=", 64) + 1;
    connection->interval_ns = number_after(connection->request, "interval_us=", 8000) * 1000;
    connection->due_ns = now_ns() + connection->interval_ns;
    memcpy(connection->pending, response_head, sizeof response_head - 1);
    connection->pending_length = sizeof response_head - 1;
    connection->pending_sent = 0;
    enqueue(connection);
}

// Writes what is pending. False when the peer is gone; a full socket is not an error, the rest goes at the next turn.
static bool flush(struct connection *connection) {
    while (connection->pending_sent < connection->pending_length) {
        ssize_t sent = send(connection->fd, connection->pending + connection->pending_sent,
                            connection->pending_length - connection->pending_sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN;
        }
        connection->pending_sent += (size_t)sent;
    }
    return true;
}

static void render_next(struct connection *connection) {
    char event[frame_capacity / 2];
    const char *text = final_events;
    const char *trailer = "0\r\n\r\n";
    if (connection->frames_left > 1) {
        snprintf(event, sizeof event, content_event, (unsigned long long)now_ns());
        text = event;
        trailer = "";
    }
    int length = snprintf(connection->pending, sizeof connection->pending, "%zx\r\n%s\r\n%s", strlen(text), text,
                          trailer);
    connection->pending_length = (size_t)length;
    connection->pending_sent = 0;
}

// One turn of a stream that is due: the next chunk, the end, or the rest of what did not fit before.
static void advance(struct connection *connection) {
    if (connection->pending_sent == connection->pending_length) {
        render_next(connection);
        connection->frames_left--;
    }
    if (!flush(connection)) {
        end_connection(connection);
        return;
    }
    connection->streaming = connection->frames_left > 0 || connection->pending_sent < connection->pending_length;
    if (connection->streaming) {
        connection->due_ns += connection->interval_ns;
        enqueue(connection);
    }
}

static void receive(struct connection *connection) {
    for (;;) {
        size_t room = max_request - connection->request_length;
        ssize_t got = recv(connection->fd, connection->request + connection->request_length, room, 0);
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            // A stream still queued is freed when its next write fails.
            if (connection->streaming) {
                shutdown(connection->fd, SHUT_RDWR);
            } else {
                end_connection(connection);
            }
            return;
        }
        connection->request_length += (size_t)got;
        size_t used = connection->streaming ? 0 : whole_request(connection);
        if (used) {
            begin_stream(connection);
            connection->request_length -= used;
            memmove(connection->request, connection->request + used, connection->request_length);
            flush(connection);
        } else if (connection->request_length == max_request) {
            shutdown(connection->fd, SHUT_RDWR);
            return;
        }
    }
}

static void accept_all(int listener, int poll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) {
            fail("calloc");
        }
        connection->fd = fd;
        struct epoll_event interest = {.events = EPOLLIN | EPOLLET, .data.ptr = connection};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &interest) < 0) {
            fail("epoll_ctl");
        }
    }
}

static int listen_on(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) {
        fail("listen");
    }
    return fd;
}

static void wait_and_receive(int poll, int listener) {
    struct epoll_event events[max_events];
    struct timespec wait = {0, 0};
    uint64_t now = now_ns();
    if (queue_head && queue_head->due_ns > now) {
        uint64_t gap = queue_head->due_ns - now;
        gap = gap < tick_ns ? tick_ns : gap;
        wait = (struct timespec){(time_t)(gap / 1000000000u), (long)(gap % 1000000000u)};
    }
    int count = epoll_pwait2(poll, events, max_events, queue_head ? &wait : NULL, NULL);
    for (int index = 0; index < count; index++) {
        if (events[index].data.ptr) {
            receive(events[index].data.ptr);
        } else {
            accept_all(listener, poll);
        }
    }
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: sse_backend PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on((uint16_t)atoi(arguments[1]));
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, listener, &interest) < 0) {
        fail("epoll_ctl");
    }
    for (;;) {
        wait_and_receive(poll, listener);
        uint64_t now = now_ns();
        while (queue_head && queue_head->due_ns <= now) {
            advance(dequeue());
        }
    }
}
