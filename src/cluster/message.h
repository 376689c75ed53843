/* What primary and workers say to each other: one packet of the channel each.
 *
 *   packet = head | body | descriptors beside it
 *
 * Both ends run on one host, mostly the same program, so the bodies are plain
 * structures; the version in the head tells when they are not the same. A
 * packet that is not understood is ignored: a worker must not be able to harm
 * the primary.
 *
 *   primary                                worker
 *      | WELCOME (board)  ------------------> |  sent before it is forked
 *      | <---------------------------- HELLO  |  online
 *      | <----------------------------LISTEN  |
 *      | LISTEN_REPLY (socket) -------------> |  listening
 *      | CONNS (connections) ---------------> |
 *      | <------------------------------WAKE  |  room again, or some returned
 *      | <-----------------------------OFFER  |  a listener's limit
 *      | <-----------------------------CLOSE  |
 *      | <------------------------------SLOW  |  what rests there may be taken
 *      | CLOSED ----------------------------> |  no connection comes after it
 *      | DISCONNECT ------------------------> |  drain, then leave
 *      | STOP ------------------------------> |  drain, then end
 *      | <-----------------------------LEAVE  |  on purpose
 *      | LEAVE_OK --------------------------> |  closes the channel
 *      | NUDGE -----------------------------> |  is it there?
 *
 * A template, from which workers are forked, has such a channel, too:
 *
 *   primary                                template
 *      | LOAD (the file) -----------------> |  sent before it is spawned
 *      | <----------------------------READY |  or FAIL, EXEC_FAIL
 *      | FORK (channel, stdio) -----------> |  a worker's
 *      | <---------------------------FORKED |  its process
 *      | (end) ---------------------------> |  it ends
 */
#ifndef YK_CLUSTER_MESSAGE_H
#define YK_CLUSTER_MESSAGE_H

#include <stdint.h>

#include <yoke/listen.h>

#include "net/peer.h"

#define YK_MESSAGE_VERSION 1

/* Most bytes of a packet, head included: a quarter of the smallest socket
 * buffer, so that some are always on their way. */
#define YK_PACKET_MAX 32768
/* Most descriptors beside a packet (the kernel's limit is 253). */
#define YK_PACKET_FDS 64

enum yk_message_type {
    /* From the primary. */
    YK_MESSAGE_WELCOME = 1,
    YK_MESSAGE_LISTEN_REPLY,
    YK_MESSAGE_CONNS,
    YK_MESSAGE_CLOSED,
    YK_MESSAGE_DISCONNECT,
    YK_MESSAGE_STOP,
    YK_MESSAGE_LEAVE_OK,
    YK_MESSAGE_NUDGE, /* Nothing: wakes it up, if it can be. */
    /* From the primary, to a template. */
    YK_MESSAGE_LOAD =
        16, /* Nothing, and beside it the file, if there is one. */
    YK_MESSAGE_FORK,
    /* From a worker. */
    YK_MESSAGE_HELLO = 32,
    YK_MESSAGE_LISTEN,
    YK_MESSAGE_CLOSE,
    YK_MESSAGE_OFFER,
    YK_MESSAGE_WAKE,
    YK_MESSAGE_LEAVE,
    YK_MESSAGE_GIVE,         /* Connections that are to be dealt to others. */
    YK_MESSAGE_FAIL,         /* Body: the reason, text. */
    YK_MESSAGE_READY,        /* It serves. */
    YK_MESSAGE_EXEC_FAIL,    /* Before it runs the program. */
    YK_MESSAGE_INTRODUCTION, /* To another primary (haven.h), */
    YK_MESSAGE_INTRODUCED,   /* and the end of it. */
    YK_MESSAGE_SLOW,         /* A turn of its loop has kept others waiting. */
    /* From a template, which also sends FAIL, READY and EXEC_FAIL. */
    YK_MESSAGE_FORKED = 48,
    /* From either: a piece of what yoke_worker_send was given, and that such
     * messages have come. */
    YK_MESSAGE_USER = 64,
    YK_MESSAGE_ACK,
};

struct yk_message_head {
    uint8_t version;
    uint8_t type;
    uint16_t unused;
    uint32_t len; /* Bytes of the body. */
};

/* WELCOME. Beside it the board and the table of loads, and in this order: */
struct yk_message_welcome {
    uint32_t seat;      /* The worker's, in that table. */
    uint32_t has_file;  /* What it is to load; */
    uint32_t has_haven; /* its haven (haven.h), and standard error. */
};

/* INTRODUCTION: of an orphan to a new primary. Beside it the board and the table
 * of loads. */
struct yk_message_introduction {
    int32_t pid;
    int32_t id;
    int32_t slot;
    uint32_t generation;
    uint32_t seat;
    uint32_t is_leaving;
};

/* HELLO. */
struct yk_message_hello {
    int32_t pid;
};

/* EXEC_FAIL. */
struct yk_message_exec_fail {
    int32_t err;  /* An errno. */
    int32_t step; /* An enum yk_spawn_step (spawn.h). */
};

/* FORK: a worker is wanted. Beside it its channel, and its standard descriptors
 * and those beside them: one for each bit of `stdio`, the lowest first. */
struct yk_message_fork {
    int32_t id, slot;
    uint32_t generation;
    uint32_t is_on_trial;
    int32_t cpu;          /* The only one it runs on; or -1. */
    int32_t parent;       /* The primary's process. */
    uint32_t stdio;       /* Descriptors that it is given, */
    uint32_t stdio_count; /* and those below this that it is not given it shall
                             not have. */
};

/* FORKED. Beside it a descriptor of the process (pidfd_open(2)). */
struct yk_message_forked {
    int32_t id;  /* The worker's. */
    int32_t err; /* 0, or why there is none, an errno. */
    int32_t pid;
};

/* CLOSE: a listener, by the number its worker gave it. */
struct yk_message_token {
    uint32_t token;
};

/* CLOSED. */
struct yk_message_closed {
    uint32_t token;
    uint32_t has_others; /* Other workers still listen there. */
};

/* WAKE. */
struct yk_message_wake {
    uint32_t is_short; /* It had no descriptor for a connection. */
};

/* OFFER: how many connections a listener may be dealt, until it says so again;
 * YK_ROOM_ANY when it does not count. */
struct yk_message_offer {
    uint32_t token;
    uint32_t room;
};

/* What the name behind a LISTEN body is. */
enum yk_name_kind {
    YK_NAME_NONE,
    YK_NAME_HOST,
    YK_NAME_PATH,
    YK_NAME_OF_FD /* A descriptor's, from the service manager. */
};

/* LISTEN; strings follow (request.h). */
struct yk_message_listen {
    uint32_t token; /* The worker's number for this listener. */
    uint32_t index; /* It is the worker's n-th listener on this address. */
    int32_t port;
    int32_t backlog;
    int32_t fd;   /* A descriptor of the primary's; or 0. */
    int32_t mode; /* Of a UNIX socket's file; or 0. */
    uint8_t name; /* An enum yk_name_kind. */
    uint8_t is_udp;
    uint8_t ipv6_only;
    uint8_t reuse_addr;
    uint8_t readable_all;
    uint8_t writable_all;
    uint8_t is_own; /* Where it is told of already (haven.h): the socket is this
                       worker's own, of a group. */
    uint8_t unused[1];
};

/* LISTEN_REPLY. When the worker accepts itself, or reads datagrams, the socket
 * is beside it. */
struct yk_message_listen_reply {
    uint32_t token;
    int32_t err; /* 0, or why it cannot listen; `text` says it in words. */
    uint32_t has_socket; /* There is one beside it, or was. */
    uint32_t ways; /* How it accepts on that socket: enum yk_accept_ways. */
    struct yoke_address address;
    char text[256];
};

enum yk_accept_ways {
    YK_ACCEPT_SHARED = 1,   /* Others accept on the socket, too. */
    YK_ACCEPT_BALANCED = 2, /* It gives away what is more than its share. */
    YK_ACCEPT_OWN = 4,      /* The socket is its own; the primary looks on. */
};

/* CONNS: an array, with as many descriptors. */
struct yk_message_conn {
    uint32_t token;
    uint32_t index;      /* Its word on the board. */
    uint32_t generation; /* What the word has to say for it to be valid. */
    uint32_t was_given;  /* A worker gave it, and may still hold a copy. */
    struct yk_peer peer;
};

/* GIVE: an array, with as many descriptors. */
struct yk_message_give {
    uint32_t token;
    uint32_t index; /* Its word among the board's gifts; valid as above. */
    uint32_t generation;
    struct yk_peer peer;
};

/* STOP. */
struct yk_message_stop {
    int32_t timeout_ms;
    uint32_t has_others; /* Others go on: they take what it has not begun. */
};

/* What a message of the user's is. */
enum yk_message_kind {
    YK_KIND_BYTES,
    YK_KIND_JSON
};

/* USER; the piece's bytes follow. Pieces of one message come in order, none
 * of another between them. Its descriptors are beside the last one. */
struct yk_message_piece {
    uint32_t total;  /* Bytes of the whole message. */
    uint32_t offset; /* Of this piece within it. */
    uint32_t number; /* It is acknowledged by this number; 0: not at all. */
    uint16_t kind;   /* An enum yk_message_kind. */
    uint16_t fd_count;
};

/* ACK: an array. */
struct yk_message_ack {
    uint32_t number;
    int32_t err; /* 0: it has been handed up; -EMFILE: it came without its
                    descriptors and has been dropped. */
};

#endif
