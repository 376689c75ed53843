/* What postgresql: promises: faults.h, and what only it has. */
#include "faults.h"

#include <sys/wait.h>

#include <libpq-fe.h>

/* ---- The server, by itself ---- */

static const char *port(void)
{
    static char text[16];
    sscanf(strstr(fixture_url(), "port="), "port=%15[0-9]", text);
    return text;
}

static PGconn *admin_connect(void)
{
    char info[300];

    snprintf(info, sizeof(info),
             "host=%s port=%s user=yoke dbname=postgres "
             "options='-c client_min_messages=warning'",
             fixture_folder(), port());
    PGconn *conn = PQconnectdb(info);
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    return conn;
}

/* Carries out statements, which have to succeed, and returns what the last has
 * found first, or "". */
static const char *ask(PGconn *conn, const char *sql)
{
    static char found[200];
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK &&
        PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    bool is_there = PQntuples(result) > 0 && PQnfields(result) > 0;
    snprintf(found, sizeof(found), "%s",
             is_there ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return found;
}

static const char *admin(const char *sql)
{
    PGconn *conn = admin_connect();
    const char *found = ask(conn, sql);
    PQfinish(conn);
    return found;
}

/* Those of one kind have that in their last statement. */
#define CUT(condition)                                                         \
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "            \
    "application_name = 'yoke' AND query " condition

static void cut_calls(void)
{
    admin(CUT("!~ '^(LISTEN|SELECT 1$)'"));
}

static void cut_channels(void)
{
    admin(CUT("~ '^(LISTEN|SELECT 1$)'"));
}

static const struct faults postgres_faults = {
    .nowhere = "postgresql+unix:",
    .cut = cut_calls,
    .cut_channels = cut_channels,
};

/* A store with more in its URL. */
static yoke_store *open_more(const char *more)
{
    char url[400];
    snprintf(url, sizeof(url), "%s%s", fixture_url(), more);
    return open_store_with((struct yoke_store_options){.url = url});
}

/* ---- Transactions ---- */

/* Those that are made together are one transaction at the server. */
static void a_call_that_fails_undoes_no_other(void **state)
{
    struct tally tally = {.count = 0};
    struct answer wrong = {.count = 0};
    (void)state;
    set(store, "full", "9223372036854775807", 0);
    for (int i = 0; i < 20; i++)
        yoke_store_incr(store, "n", 1, 0, on_tally, &tally);
    yoke_store_incr(store, "full", 1, 0, on_answer, &wrong);
    for (int i = 0; i < 20; i++)
        yoke_store_incr(store, "z", 1, 0, on_tally, &tally);
    wait_for(&wrong);
    wait_count(&tally.count, 40);
    assert_int_equal(wrong.err, -ERANGE);
    assert_non_null(strstr(wrong.text, "range"));
    assert_int_equal(tally.good, 40);
    assert_int_equal(incr(store, "n", 0, 0)->number, 20);
    assert_int_equal(incr(store, "z", 0, 0)->number, 20);
    free(wrong.value);
}

struct sums {
    int count;
    int64_t numbers[40];
    uint64_t version;
};

static void on_sum(const struct yoke_store_result *result, void *data)
{
    struct sums *sums = data;
    assert_int_equal(result->err, 0);
    sums->numbers[sums->count++] = result->number;
    sums->version = result->version;
}

/* Those of one key that go up are one statement. */
static void
increments_that_are_made_together_have_sums_of_their_own(void **state)
{
    struct sums up = {.count = 0};
    struct tally wrong = {.count = 0}, full = {.count = 0};
    (void)state;
    set(store, "text", "no number", 0);
    set(store, "full", "9223372036854775800", 0);
    for (int i = 1; i <= 20; i++) {
        yoke_store_incr(store, "n", i, 0, on_sum, &up);
        yoke_store_incr(store, "n", 0, 0, on_sum, &up);
        yoke_store_incr(store, "text", 1, 0, on_tally, &wrong);
    }
    wait_count(&up.count, 40);
    wait_count(&wrong.count, 20);
    assert_int_equal(wrong.good + wrong.unavailable + wrong.timed_out, 0);
    for (int i = 1; i <= 20; i++)
        assert_int_equal(up.numbers[2 * i - 1], i * (i + 1) / 2);
    assert_true(get(store, "n")->version == up.version);
    for (int i = 0; i < 10; i++)
        yoke_store_incr(store, "full", 1, 0, on_tally, &full);
    wait_count(&full.count, 10);
    /* As many as there is room for. */
    assert_int_equal(full.good, 7);
    assert_int_equal(incr(store, "full", -7, 0)->number, 9223372036854775800);
    for (int i = 0; i < 10; i++)
        yoke_store_incr(store, "down", -3, 0, on_tally, &full);
    yoke_store_incr(store, "down", INT64_MAX, 0, on_tally, &full);
    wait_count(&full.count, 21);
    assert_int_equal(full.good, 18);
    assert_true(incr(store, "down", 0, 0)->number == INT64_MAX - 30);
}

/* Somebody has a row, and does not let go of it. */
static void a_row_that_is_locked_holds_up_nobody_for_ever(void **state)
{
    PGconn *conn = admin_connect();
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.timeout_ms = 300, .prefix = "held:"});
    (void)state;
    wait_until_back(own);
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    ask(conn, "BEGIN; SELECT 1 FROM yoke_store WHERE key = 'held:k' "
              "FOR UPDATE");
    assert_int_equal(set(own, "k", "w", 0)->err, -ETIMEDOUT);
    ask(conn, "ROLLBACK");
    wait_until_back(own);
    assert_int_equal(set(own, "k", "x", 0)->err, 0);
    assert_string_equal(get(own, "k")->value, "x");
    PQfinish(conn);
    close_store(own);
}

/* Two stores write the same keys, in opposite orders, many at a time. */
static void writers_never_wait_in_a_circle(void **state)
{
    struct tally tally = {.count = 0};
    char key[16];
    yoke_store *stores[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        stores[i] =
            open_store_with((struct yoke_store_options){.prefix = "circle:"});
    for (int turn = 0; turn < 20; turn++) {
        for (int i = 0; i < 50; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            yoke_store_incr(stores[0], key, 1, 0, on_tally, &tally);
            snprintf(key, sizeof(key), "k%d", 49 - i);
            yoke_store_incr(stores[1], key, 1, 0, on_tally, &tally);
        }
        wait_count(&tally.count, 100 * (turn + 1));
    }
    assert_int_equal(tally.good, 2000);
    assert_int_equal(incr(stores[0], "k7", 0, 0)->number, 40);
    assert_string_equal(admin("SELECT deadlocks FROM pg_stat_database "
                              "WHERE datname = 'postgres'"),
                        "0");
    close_store(stores[0]);
    close_store(stores[1]);
}

/* ---- Its tables ---- */

static void several_make_the_tables_at_once(void **state)
{
    yoke_store *stores[4];
    struct tally tally = {.count = 0};
    (void)state;
    for (int i = 0; i < 4; i++)
        stores[i] = open_more("&schema=First-Use");
    for (int i = 0; i < 4; i++)
        yoke_store_incr(stores[i], "n", 1, 0, on_tally, &tally);
    wait_count(&tally.count, 4);
    assert_int_equal(tally.good, 4);
    assert_string_equal(admin("SELECT count(*) FROM \"First-Use\".yoke_store"),
                        "4");
    for (int i = 0; i < 4; i++)
        close_store(stores[i]);
}

static void schemas_are_apart(void **state)
{
    yoke_store *own =
        open_store_with((struct yoke_store_options){.prefix = "same:"});
    struct ear here = {.ready = 0}, there = {.ready = 0};
    char url[300];
    (void)state;
    snprintf(url, sizeof(url), "%s&schema=shop", fixture_url());
    yoke_store *shop = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "same:"});
    set(own, "k", "here", 0);
    assert_int_equal(get(shop, "k")->err, -ENOENT);
    yoke_store_subscribe(own, "news", on_heard, &here);
    yoke_store_subscribe(shop, "news", on_heard, &there);
    wait_count(&here.ready, 1);
    wait_count(&there.ready, 1);
    publish(own, "news", "x");
    wait_count(&here.messages, 1);
    publish(shop, "news", "x");
    wait_count(&there.messages, 1);
    assert_int_equal(here.messages, 1);
    close_store(own);
    close_store(shop);
}

static void how_safe_a_write_is_can_be_chosen(void **state)
{
    yoke_store *none = open_more("&schema=loose&sync=none");
    yoke_store *commit = open_more("&schema=tight&sync=commit");
    (void)state;
    assert_int_equal(set(none, "k", "v", 0)->err, 0);
    assert_int_equal(set(commit, "k", "v", 0)->err, 0);
    assert_string_equal(
        admin("SELECT string_agg(relpersistence::text, '' ORDER BY nspname) "
              "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
              "WHERE relname = 'yoke_store' AND nspname IN ('loose', 'tight')"),
        "up");
    close_store(none);
    close_store(commit);
}

static void tables_that_are_dropped_are_made_again(void **state)
{
    (void)state;
    yoke_store *own = open_more("&schema=dropped");
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    admin("DROP SCHEMA dropped CASCADE");
    wait_until_back(own);
    assert_int_equal(get(own, "k")->err, -ENOENT);
    close_store(own);
}

static void tables_that_are_altered_are_told_until_they_are_mended(void **state)
{
    (void)state;
    yoke_store *own = open_more("&schema=altered");
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    assert_int_equal(get(own, "k")->err, 0);
    admin("ALTER TABLE altered.yoke_store RENAME COLUMN value TO other");
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "does not exist"));
    assert_int_equal(set(own, "k", "w", 0)->err, -YOKE_EUNAVAILABLE);
    admin("ALTER TABLE altered.yoke_store RENAME COLUMN other TO value");
    wait_until_back(own);
    assert_string_equal(get(own, "k")->value, "v");
    close_store(own);
}

/* Increments that take for ever, until somebody cancels them. */
static void what_is_cancelled_is_told_and_not_counted(void **state)
{
    struct tally tally = {.count = 0};
    (void)state;
    yoke_store *own = open_more("&schema=slow");
    assert_int_equal(incr(own, "n", 1, 0)->number, 1);
    admin("CREATE FUNCTION slow.wait() RETURNS trigger LANGUAGE plpgsql AS "
          "$$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$; "
          "CREATE TRIGGER wait BEFORE INSERT OR UPDATE ON slow.yoke_store "
          "FOR EACH ROW EXECUTE FUNCTION slow.wait()");
    for (int i = 0; i < 20; i++)
        yoke_store_incr(own, "n", 1, 0, on_tally, &tally);
    for (int i = 0; i < 3000 && tally.count < 20; i++) {
        run_for(10);
        admin("SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
              "WHERE wait_event = 'PgSleep'");
    }
    assert_int_equal(tally.count, 20);
    assert_int_equal(tally.timed_out, 20);
    admin("DROP TRIGGER wait ON slow.yoke_store");
    wait_until_back(own);
    assert_int_equal(incr(own, "n", 1, 0)->number, 2);
    close_store(own);
}

static void what_has_expired_is_swept(void **state)
{
    struct yoke_store_stats stats = {.swept = 0};
    char key[16];
    (void)state;
    yoke_store *own = open_more("&schema=swept");
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        yoke_store_set(own, key, "v", 1, 1, NULL, NULL);
    }
    set(own, "stays", "v", 0);
    for (int i = 0; i < 3000 && stats.swept < 50; i++) {
        run_for(20);
        yoke_store_stats(own, &stats);
    }
    assert_int_equal(stats.swept, 50);
    assert_string_equal(admin("SELECT count(*) FROM swept.yoke_store"), "1");
    close_store(own);
}

/* Numbers and values, as other programs see and write them. */
static void what_others_have_written_can_be_read(void **state)
{
    yoke_store *plain =
        open_store_with((struct yoke_store_options){.prefix = "o:"});
    (void)state;
    set(plain, "count", "41", 0);
    assert_int_equal(incr(plain, "count", 1, 0)->number, 42);
    assert_string_equal(
        admin("SELECT number FROM yoke_store WHERE key = 'o:count'"), "42");
    admin("INSERT INTO yoke_store (key, value) VALUES ('o:text', 'hello'); "
          "INSERT INTO yoke_store (key, number) VALUES ('o:number', -7); "
          "INSERT INTO yoke_store (key) VALUES ('o:nothing'), "
          "('o:\\000'), (convert_to(repeat('x', 300), 'UTF8'))");
    assert_string_equal(get(plain, "text")->value, "hello");
    assert_true(get(plain, "text")->version == 0);
    assert_string_equal(get(plain, "number")->value, "-7");
    assert_int_equal(get(plain, "nothing")->len, 0);
    assert_int_equal(set(plain, "text", "mine", 0)->err, 0);
    assert_true(get(plain, "text")->version != 0);
    struct answer page = {.count = 0};
    yoke_store_scan(plain, "", NULL, 10, on_answer, &page);
    wait_for(&page);
    assert_int_equal(page.item_count, 4);
    assert_string_equal(page.items[3].key, "text");
    free(page.value);
    close_store(plain);
}

/* ---- What the server refuses ---- */

static void a_database_that_may_only_be_read_is_read(void **state)
{
    char url[300];
    (void)state;
    set(store, "k", "v", 0);
    snprintf(url, sizeof(url),
             "%s&options=-c%%20default_transaction_read_only%%3Don",
             fixture_url());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = set(own, "k", "w", 0);
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "read-only"));
    assert_int_equal(get(own, "k")->err, -ENOENT);
    close_store(own);
}

/* As the server says it when a table cannot grow. */
static void a_full_disk_is_unavailable_and_loses_nothing(void **state)
{
    struct answer large = {.count = 0}, small = {.count = 0};
    (void)state;
    yoke_store *own = open_more("&schema=full");
    assert_int_equal(set(own, "first", "one", 0)->err, 0);
    admin("CREATE FUNCTION \"full\".refuse() RETURNS trigger LANGUAGE plpgsql "
          "AS $$ BEGIN RAISE EXCEPTION 'could not extend file \"base/1\": No "
          "space left on device' USING ERRCODE = '53100'; END $$; "
          "CREATE TRIGGER disk BEFORE INSERT OR UPDATE ON \"full\".yoke_store "
          "FOR EACH ROW WHEN (length(NEW.value) > 1000) EXECUTE FUNCTION "
          "\"full\".refuse()");
    static const char value[2000] = "large";
    yoke_store_set(own, "large", value, sizeof(value), 0, on_answer, &large);
    yoke_store_set(own, "small", "two", 3, 0, on_answer, &small);
    wait_for(&large);
    wait_for(&small);
    assert_int_equal(large.err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(large.text, "No space left on device"));
    assert_int_equal(small.err, 0);
    assert_string_equal(get(own, "first")->value, "one");
    assert_string_equal(get(own, "small")->value, "two");
    assert_int_equal(get(own, "large")->err, -ENOENT);
    admin("DROP TRIGGER disk ON \"full\".yoke_store");
    large.count = 0;
    yoke_store_set(own, "large", value, sizeof(value), 0, on_answer, &large);
    wait_for(&large);
    assert_int_equal(large.err, 0);
    free(large.value);
    free(small.value);
    close_store(own);
}

static void what_a_role_may_not_do_is_said(void **state)
{
    char url[300];
    (void)state;
    admin("CREATE ROLE guest LOGIN; CREATE SCHEMA hers");
    snprintf(url, sizeof(url),
             "postgresql://guest@/postgres?host=%s&port=%s&schema=hers",
             fixture_folder(), port());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = set(own, "k", "v", 0);
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "permission denied"));
    /* Of an owner's tables it needs no more than this. */
    yoke_store *owner = open_more("&schema=hers");
    assert_int_equal(set(owner, "k", "v", 0)->err, 0);
    admin("GRANT USAGE ON SCHEMA hers TO guest; GRANT SELECT, INSERT, UPDATE, "
          "DELETE ON ALL TABLES IN SCHEMA hers TO guest");
    wait_until_back(own);
    assert_int_equal(lock(own, "l", 5, 0)->err, 0);
    close_store(owner);
    close_store(own);
}

static void no_such_database_is_said(void **state)
{
    char url[300];
    (void)state;
    snprintf(url, sizeof(url), "postgres://yoke@127.0.0.1:%s/nirvana", port());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "\"nirvana\" does not exist"));
    close_store(own);
}

/* ---- Addresses ---- */

/* As if the server asked for passwords from everybody but us. */
static void ask_for_passwords(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/data/pg_hba.conf", fixture_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("local all yoke trust\n"
          "host all yoke 127.0.0.1/32 trust\n"
          "host all shop 127.0.0.1/32 scram-sha-256\n"
          "local all all scram-sha-256\n",
          file);
    fclose(file);
    admin("SELECT pg_reload_conf()");
    admin("CREATE ROLE shop LOGIN SUPERUSER PASSWORD 's:@cret'");
}

static void passwords_and_databases_are_in_the_url(void **state)
{
    char url[300];
    (void)state;
    ask_for_passwords();
    snprintf(url, sizeof(url),
             "postgresql://shop:s%%3a%%40cret@localhost:%s/postgres", port());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    /* The file is read when the server likes. */
    wait_until_back(own);
    assert_null(strstr(yoke_store_url(own), "cret"));
    close_store(own);
    for (int i = 0; i < 500; i++) {
        snprintf(url, sizeof(url),
                 "postgresql://shop:wrong@127.0.0.1:%s/postgres", port());
        own = open_store_with((struct yoke_store_options){.url = url});
        const struct answer *refused = get(own, "k");
        bool is_told = refused->err == -YOKE_EUNAVAILABLE &&
                       strstr(refused->text, "password authentication failed");
        close_store(own);
        if (is_told)
            return;
        run_for(20);
    }
    fail_msg("a wrong password is not told");
}

static void of_several_hosts_one_that_is_there_is_used(void **state)
{
    char url[300];
    (void)state;
    snprintf(url, sizeof(url),
             "postgresql://yoke@no-such-host.invalid,127.0.0.1:%d,127.0.0.1:%s/"
             "postgres?target_session_attrs=read-write",
             free_port(), port());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    wait_until_back(own);
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    close_store(own);
    own = open_store_with((struct yoke_store_options){
        .url = "postgresql://yoke@no-such-host.invalid/postgres"});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "no-such-host.invalid"));
    close_store(own);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"postgresql:path", "//"},
        {"postgresql://", "host is missing"},
        {"postgresql+unix:", "folder"},
        {"postgresql+unix:relative", "folder"},
        {"postgresql+unix://h/db", "folder"},
        {"postgresql://h:x/db", "port 'x'"},
        {"postgresql://h/db?sync=maybe", "interval, commit, none"},
        {"postgresql://h/db?schema=a%22b", "schema"},
        {"postgresql://h/db?schema=", "schema"},
        {"postgresql://h/db?password=secret", "before the host"},
        {"postgresql://h/db?connect_timeout=3", "connect_ms"},
        {"postgresql://h/db?host=/run", "host too"},
        {"postgresql://h/db?dbname=other", "dbname"},
        {"postgresql://u@h/db?user=other", "user"},
        {"postgresql://h/db?nonsense=1", "nonsense"},
        {"postgresql://h/db?sslmode=verify", "sslmode is 'verify', not one of"},
        {"postgresql://h/db?sslmode=", "sslmode"},
        {"postgresql://h/db?target_session_attrs=master", "read-write"},
        {"postgresql://h/db?channel_binding=yes", "channel_binding"},
        {"postgresql://h/db?gssencmode=yes", "gssencmode"},
        {"postgresql://h/db?ssl_min_protocol_version=1.2", "TLSv1.2"},
        {"postgresql://h/db?sslsni=off", "sslsni"},
        {"postgresql://h/db?keepalives_idle=5s", "not a number"},
        {"postgresql://h/db?tcp_user_timeout=-1", "not a number"},
        {"postgresql://h/db?sslrootcert=/no/ca.pem", "sslrootcert: /no/ca.pem"},
        {"postgresql://h/db?sslcert=/no/c.pem", "No such file"},
        {"postgresql://h/db?sslkey=/no/c.key", "sslkey"},
        {"postgresql://h/db?passfile=/no/pass", "passfile"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

/* ---- Messages ---- */

struct heard {
    int ready, messages, missed;
    size_t len;
    char *bytes;
    char channel[YOKE_STORE_KEY_MAX + 1];
};

static void on_bytes(const struct yoke_store_message *message, void *data)
{
    struct heard *heard = data;

    heard->ready += message->event == YOKE_STORE_READY;
    heard->missed += message->event == YOKE_STORE_MISSED;
    if (message->event != YOKE_STORE_MESSAGE)
        return;
    heard->messages++;
    heard->len = message->len;
    free(heard->bytes);
    heard->bytes = malloc(message->len + 1);
    memcpy(heard->bytes, message->ptr, message->len + 1);
    snprintf(heard->channel, sizeof(heard->channel), "%s", message->channel);
}

static void large_messages_with_any_bytes_come_whole(void **state)
{
    static char bytes[300000];
    char channel[200];
    struct heard heard = {.ready = 0};
    const size_t lens[] = {0, 1, 5700 - 8, 5700, 5701, 11400, sizeof(bytes)};
    (void)state;
    memset(channel, 'c', sizeof(channel) - 1);
    channel[sizeof(channel) - 1] = '\0';
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 31 >> 3);
    yoke_subscription *sub =
        yoke_store_subscribe(store, channel, on_bytes, &heard);
    wait_count(&heard.ready, 1);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        yoke_store_publish(store, channel, bytes, lens[i], NULL, NULL);
        wait_count(&heard.messages, (int)i + 1);
        assert_int_equal(heard.len, lens[i]);
        assert_memory_equal(heard.bytes, bytes, lens[i]);
        assert_int_equal(heard.bytes[lens[i]], '\0');
        assert_string_equal(heard.channel, channel);
    }
    assert_int_equal(heard.missed, 0);
    yoke_unsubscribe(sub);
    free(heard.bytes);
}

static void a_message_that_is_too_large_for_a_subscriber_is_missed(void **state)
{
    static const char bytes[20000];
    struct heard heard = {.ready = 0};
    (void)state;
    yoke_store *large =
        open_store_with((struct yoke_store_options){.prefix = "m:"});
    yoke_store *small = open_store_with(
        (struct yoke_store_options){.prefix = "m:", .max_value_len = 1000});
    yoke_subscription *sub =
        yoke_store_subscribe(small, "news", on_bytes, &heard);
    wait_count(&heard.ready, 1);
    yoke_store_publish(large, "news", bytes, sizeof(bytes), NULL, NULL);
    wait_count(&heard.missed, 1);
    publish(large, "news", "small");
    wait_count(&heard.messages, 1);
    assert_string_equal(heard.bytes, "small");
    yoke_unsubscribe(sub);
    close_store(large);
    close_store(small);
    free(heard.bytes);
}

/* ---- Processes ---- */

static void a_fork_leaves_the_connection_to_its_parent(void **state)
{
    int status;
    (void)state;
    set(store, "k", "v", 0);
    pid_t pid = fork();
    if (pid == 0) {
        uv_loop_fork(yoke_loop());
        int err = get(store, "k")->err;
        close_store(store);
        _exit(err == -YOKE_EROLE ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_string_equal(get(store, "k")->value, "v");
    struct yoke_store_stats stats;
    yoke_store_stats(store, &stats);
    assert_int_equal(stats.breaks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_call_that_fails_undoes_no_other),
        WITH_STORE(increments_that_are_made_together_have_sums_of_their_own),
        WITH_STORE(a_row_that_is_locked_holds_up_nobody_for_ever),
        WITH_STORE(writers_never_wait_in_a_circle),
        WITH_STORE(several_make_the_tables_at_once),
        WITH_STORE(schemas_are_apart),
        WITH_STORE(how_safe_a_write_is_can_be_chosen),
        WITH_STORE(tables_that_are_dropped_are_made_again),
        WITH_STORE(tables_that_are_altered_are_told_until_they_are_mended),
        WITH_STORE(what_is_cancelled_is_told_and_not_counted),
        WITH_STORE(what_has_expired_is_swept),
        WITH_STORE(what_others_have_written_can_be_read),
        WITH_STORE(a_database_that_may_only_be_read_is_read),
        WITH_STORE(a_full_disk_is_unavailable_and_loses_nothing),
        WITH_STORE(what_a_role_may_not_do_is_said),
        WITH_STORE(no_such_database_is_said),
        WITH_STORE(of_several_hosts_one_that_is_there_is_used),
        WITH_STORE(urls_that_are_wrong_are_named),
        WITH_STORE(large_messages_with_any_bytes_come_whole),
        WITH_STORE(a_message_that_is_too_large_for_a_subscriber_is_missed),
        WITH_STORE(a_fork_leaves_the_connection_to_its_parent),
        WITH_STORE(passwords_and_databases_are_in_the_url),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("postgresql");
    int failed = run_fault_tests(&postgres_faults);
    failed += cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
