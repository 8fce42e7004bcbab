/* The end of the line for benchmarks: an SMTP server that takes every well-formed mail and keeps none.

   One thread, epoll, large reads. As servers do, it reads mails line by line, and refuses one with a line that is too
   long or ends in a bare LF. It listens on a free port of the loopback and says `port N` on its output; it
   leaves when its input ends. With `--no-pipelining` it neither offers PIPELINING (RFC 2920) nor bears it.

   STAT answers `250 MESSAGES BYTES RECIPIENTS FIRST`: the mails taken, their bytes as they came over the wire, the sum
   (modulo 2^64) of the FNV-1a hashes of all recipients' addresses, and the nanoseconds of CLOCK_MONOTONIC at which the
   first mail was accepted. ZERO starts all four anew. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20, REPLIES = 1 << 14, READY_AT_ONCE = 64, LONGEST_LINE = 1000 };

typedef struct {
  int socket;
  bool in_data;   /* after 354, before the final dot */
  bool malformed; /* this mail has a line that no mail may have */
  size_t held;    /* bytes in `room` that are not used up */
  size_t replied;
  char room[ROOM];
  char replies[REPLIES];
} Client;

static bool pipelining = true;
static uint64_t messages, bytes, recipients, first_at;

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void flush_replies(Client *client) {
  size_t sent = 0;
  while (sent < client->replied) {
    ssize_t n = send(client->socket, client->replies + sent, client->replied - sent, MSG_NOSIGNAL);
    if (n > 0) {
      sent += (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = client->socket, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else {
      break; /* the client has gone; reading will tell */
    }
  }
  client->replied = 0;
}

static void reply(Client *client, const char *line) {
  size_t length = strlen(line);
  if (client->replied + length > REPLIES) flush_replies(client);
  memcpy(client->replies + client->replied, line, length);
  client->replied += length;
}

static void count_recipient(const char *line, const char *end) {
  const char *at = memchr(line, '<', (size_t)(end - line));
  uint64_t hash = 14695981039346656037u;
  if (!at) return;
  for (at++; at < end && *at != '>'; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211u;
  recipients += hash;
}

static void say_counts(Client *client) {
  char line[128];
  snprintf(line, sizeof line, "250 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\r\n", messages, bytes, recipients,
           first_at);
  reply(client, line);
}

static bool begins(const char *line, const char *verb) { return strncasecmp(line, verb, strlen(verb)) == 0; }

/* The final dot has come. */
static void accept_mail(Client *client) {
  client->in_data = false;
  if (client->malformed) {
    reply(client, "554 5.6.0 a line is longer than 998 bytes or does not end in CRLF\r\n");
    return;
  }
  if (!messages++) first_at = nanoseconds();
  reply(client, "250 2.0.0 Ok\r\n");
}

/* Answers one command; false when the client takes its leave. */
static bool obey(Client *client, const char *line, const char *end) {
  if (begins(line, "RCPT")) {
    count_recipient(line, end);
    reply(client, "250 2.1.5 Ok\r\n");
  } else if (begins(line, "DATA")) {
    client->in_data = true;
    client->malformed = false;
    reply(client, "354 End data with <CR><LF>.<CR><LF>\r\n");
  } else if (begins(line, "EHLO")) {
    reply(client, "250-sink.localhost\r\n");
    if (pipelining) reply(client, "250-PIPELINING\r\n");
    reply(client, "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 52428800\r\n");
  } else if (begins(line, "STAT")) {
    say_counts(client);
  } else if (begins(line, "ZERO")) {
    messages = bytes = recipients = first_at = 0;
    reply(client, "250 2.0.0 Ok\r\n");
  } else if (begins(line, "QUIT")) {
    reply(client, "221 2.0.0 Bye\r\n");
    return false;
  } else {
    reply(client, "250 2.1.0 Ok\r\n");
  }
  return true;
}

/* Whether this line, up to and with its LF, is one that RFC 5322 (2.1.1, 2.3) and RFC 5321 (2.3.8) let stand. */
static bool well_formed(const char *line, const char *end) {
  return end - line >= 2 && end[-2] == '\r' && end - line <= LONGEST_LINE;
}

/* Takes a mail's lines from `at`, as far as they are whole; returns how many bytes are used up. */
static size_t take(Client *client, size_t at) {
  const char *line = client->room + at, *held_end = client->room + client->held, *feed;
  while (client->in_data && (feed = memchr(line, '\n', (size_t)(held_end - line)))) {
    const char *end = feed + 1;
    if (end - line == 3 && !memcmp(line, ".\r\n", 3)) {
      accept_mail(client);
    } else {
      bytes += (uint64_t)(end - line);
      client->malformed |= !well_formed(line, end);
    }
    line = end;
  }
  return (size_t)(line - client->room) - at;
}

/* Uses up what can be used of what was read; false when the client takes its leave. */
static bool serve(Client *client) {
  size_t at = 0;
  bool stays = true;
  while (stays && at < client->held) {
    if (client->in_data) {
      at += take(client, at);
      if (client->in_data) break;
      continue;
    }
    const char *line = client->room + at, *end = memchr(line, '\n', client->held - at);
    if (!end) break;
    bool first = at == 0;
    at = (size_t)(end - client->room) + 1;
    if (!pipelining && !(first && at == client->held)) {
      reply(client, "503 5.5.1 PIPELINING was not offered\r\n");
      stays = false;
    } else {
      stays = obey(client, line, end);
    }
  }
  memmove(client->room, client->room + at, client->held - at);
  client->held -= at;
  flush_replies(client);
  return stays;
}

static void welcome(int listener, int poller) {
  int one = 1, accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  Client *client = accepted < 0 ? NULL : calloc(1, sizeof *client);
  if (!client) return;
  client->socket = accepted;
  setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event interest = {.events = EPOLLIN, .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &interest);
  reply(client, "220 sink.localhost\r\n");
  flush_replies(client);
}

static void hear(Client *client) {
  ssize_t n = recv(client->socket, client->room + client->held, ROOM - client->held, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) {
    client->held += (size_t)n;
    if (serve(client) && client->held < ROOM) return;
  }
  close(client->socket);
  free(client);
}

static int listening(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 256) ||
      getsockname(listener, (struct sockaddr *)&address, &length)) {
    perror("sink");
    exit(1);
  }
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(int count, char **arguments) {
  pipelining = !(count > 1 && !strcmp(arguments[1], "--no-pipelining"));
  int listener = listening(), poller = epoll_create1(0);
  struct epoll_event on_listener = {.events = EPOLLIN, .data.ptr = &listener};
  struct epoll_event on_input = {.events = EPOLLIN, .data.ptr = &poller}, ready[READY_AT_ONCE];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &on_listener);
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &on_input);
  for (;;) {
    int n = epoll_wait(poller, ready, READY_AT_ONCE, -1);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.ptr == &poller) return 0; /* who started us has gone */
      if (ready[i].data.ptr == &listener)
        welcome(listener, poller);
      else
        hear(ready[i].data.ptr);
    }
  }
}
