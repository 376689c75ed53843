/* chaos: the application of the chaos runs (tests/chaos): what a client needs to
 * know that an answer is its own, and ways to be a bad worker.
 *
 *     GET /ID, POST /ID   "ID PID VERSION SUM", where SUM is that of the body's
 *                         bytes
 *     GET /do/hang        never gives control back
 *     GET /do/rubbish?seed=N   sends packets of rubbish to the primary, and
 *                         answers
 *
 * VERSION is the first word of the file that its generation of workers keeps;
 * "bad" ends the worker with 3. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

#define FDS_MAX    1024
#define PACKETS    40
#define PACKET_MAX 4000
/* As in cluster/message.h; some of the types are known. */
#define VERSION    1
#define TYPES      72

static char version[64];

static void read_version(void)
{
    const char *path = yoke_cluster_file();
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!file || fscanf(file, "%63s", version) != 1)
        abort();
    fclose(file);
}

static void answer(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += (unsigned char)body[i];
    yoke_res_text(res,
                  yoke_req_printf(req, "%s %d %s %u", yoke_req_param(req, "id"),
                                  (int)getpid(), version, sum));
}

static void hang(yoke_req *req, yoke_res *res)
{
    volatile unsigned turns = 0;

    (void)req;
    (void)res;
    for (;;)
        turns++;
}

/* ---- Rubbish ---- */

/* The channel is the only socket of that kind; -1 when there is none. */
static int find_channel(void)
{
    for (int fd = 3; fd < FDS_MAX; fd++) {
        int type = 0;
        socklen_t len = sizeof(type);
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
            type == SOCK_SEQPACKET)
            return fd;
    }
    return -1;
}

/* xorshift: the same rubbish for the same seed. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

struct head {
    uint8_t version;
    uint8_t type;
    uint16_t unused;
    uint32_t len;
};

/* Every second one has a head that is right, so that what is behind it is looked
 * at. */
static size_t make_packet(unsigned char *packet, uint32_t *state)
{
    size_t len = 1 + next(state) % PACKET_MAX;
    bool is_headed = next(state) % 2 && len >= sizeof(struct head);

    for (size_t i = 0; i < len; i++)
        packet[i] = (unsigned char)next(state);
    if (!is_headed)
        return len;
    struct head head = {.version = VERSION,
                        .type = (uint8_t)(next(state) % TYPES),
                        .len = (uint32_t)(len - sizeof(head))};
    memcpy(packet, &head, sizeof(head));
    return len;
}

static void send_rubbish(yoke_req *req, yoke_res *res)
{
    const char *seed = yoke_req_query(req, "seed");
    uint32_t state = seed ? (uint32_t)strtoul(seed, NULL, 10) | 1 : 1;
    unsigned char packet[PACKET_MAX + 1];
    int fd = find_channel();
    int sent = 0;

    for (int i = 0; fd >= 0 && i < PACKETS; i++) {
        size_t len = make_packet(packet, &state);
        sent += send(fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    }
    yoke_res_text(res, yoke_req_printf(req, "%d %d", (int)getpid(), sent));
}

yoke_app *make_app(void)
{
    read_version();
    if (strcmp(version, "bad") == 0) {
        fputs("this version is bad\n", stderr);
        exit(3);
    }
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/do/hang", hang);
    yoke_app_get(app, "/do/rubbish", send_rubbish);
    yoke_app_get(app, "/:id", answer);
    yoke_app_post(app, "/:id", yoke_body, answer);
    return app;
}
