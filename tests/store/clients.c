#include "clients.h"

#define REST_MS 5

/* Each client stores a number under its own key, reads it, and goes on with the
 * next one. The value begins with the key. */
static struct client {
    char key[24];
    long number;       /* The last that it has sent, */
    long acknowledged; /* and the last of which it has heard. */
    int asked, answered;
    bool is_back;
    uint64_t begun_ms;
    uv_timer_t rest;
} clients[CLIENTS];

struct talk talk;

uint64_t loop_ms(void)
{
    uv_update_time(yoke_loop());
    return uv_now(yoke_loop());
}

static void on_stored(const struct yoke_store_result *result, void *data);
static void on_read(const struct yoke_store_result *result, void *data);

static void begin(struct client *client)
{
    client->asked++;
    client->begun_ms = loop_ms();
}

static void store_next(struct client *client)
{
    char value[64];

    if (talk.is_over)
        return;
    int len =
        snprintf(value, sizeof(value), "%s=%ld", client->key, ++client->number);
    begin(client);
    yoke_store_set(store, client->key, value, (size_t)len, 0, on_stored,
                   client);
}

static void on_rested(uv_timer_t *timer)
{
    store_next(timer->data);
}

/* Notes how it ended. True when the client may go on; else it rests first. */
static bool note(struct client *client, const struct yoke_store_result *result)
{
    uint64_t taken_ms = loop_ms() - client->begun_ms;

    client->answered++;
    /* Twice, or of another. */
    talk.wrong += client->answered != client->asked;
    talk.wrong += strcmp(result->key, client->key) != 0;
    if (taken_ms > talk.longest_ms)
        talk.longest_ms = taken_ms;
    talk.unavailable += result->err == -YOKE_EUNAVAILABLE;
    talk.timed_out += result->err == -ETIMEDOUT;
    if (result->err == 0 || result->err == -ENOENT) {
        talk.good++;
        talk.back += !client->is_back;
        client->is_back = true;
        return true;
    }
    if (!talk.is_over)
        uv_timer_start(&client->rest, on_rested, REST_MS, 0);
    return false;
}

static void on_stored(const struct yoke_store_result *result, void *data)
{
    struct client *client = data;

    if (!note(client, result))
        return;
    talk.wrong += result->err != 0;
    client->acknowledged = client->number;
    begin(client);
    yoke_store_get(store, client->key, on_read, client);
}

/* Between what was acknowledged last and what was sent last. (A server that was
 * restarted has forgotten it.) */
static void on_read(const struct yoke_store_result *result, void *data)
{
    struct client *client = data;
    size_t len = strlen(client->key);

    if (!note(client, result))
        return;
    if (result->err == 0) {
        const char *text = result->value;
        bool is_own = strncmp(text, client->key, len) == 0 && text[len] == '=';
        long number = is_own ? strtol(text + len + 1, NULL, 10) : -1;
        talk.wrong += number < client->acknowledged || number > client->number;
    }
    if (talk.is_slow && !talk.is_over)
        uv_timer_start(&client->rest, on_rested, REST_MS, 0);
    else
        store_next(client);
}

void clients_start(void)
{
    memset(&talk, 0, sizeof(talk));
    for (int i = 0; i < CLIENTS; i++) {
        struct client *client = &clients[i];
        memset(client, 0, sizeof(*client));
        snprintf(client->key, sizeof(client->key), "client%d", i);
        uv_timer_init(yoke_loop(), &client->rest);
        client->rest.data = client;
        store_next(client);
    }
}

void clients_stop(void)
{
    talk.is_over = true;
    for (int i = 0; i < CLIENTS; i++)
        wait_count(&clients[i].answered, clients[i].asked);
    /* What comes late is nobody's answer any more. */
    run_for(20);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(clients[i].answered, clients[i].asked);
        uv_close((uv_handle_t *)&clients[i].rest, NULL);
    }
    run_for(1);
    assert_int_equal(talk.wrong, 0);
}

void clients_expect(void)
{
    talk.back = 0;
    for (int i = 0; i < CLIENTS; i++)
        clients[i].is_back = false;
}

/* ---- What has to outlive a server ---- */

void clients_keep(void)
{
    char key[16];

    for (int i = 0; i < CLIENTS; i++) {
        snprintf(key, sizeof(key), "kept%d", i);
        assert_int_equal(set(store, key, key, 0)->err, 0);
    }
}

void clients_find_kept(void)
{
    char key[16];

    for (int i = 0; i < CLIENTS; i++) {
        snprintf(key, sizeof(key), "kept%d", i);
        const struct answer *found = get(store, key);
        assert_int_equal(found->err, 0);
        assert_string_equal(found->value, key);
    }
}
