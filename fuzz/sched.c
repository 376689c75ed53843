/* The configuration of the schedulers, and what they make of it: the text is a
 * policy's name, as YOKE_SCHED_POLICY and --sched have it; the choices are
 * sockets that come, open and close, between which clients are divided.
 *
 *     choice: 1 to 3: one more socket; 4 to 127: closes one; above: opens one
 */
#include <linux/filter.h>
#include <string.h>

#include <yoke/cluster.h>

#include "cluster/buckets.h"
#include "cluster/sticky_filter.h"
#include "fuzz.h"

#define NAME_MAX_LEN 64

/* ---- Names ---- */

static void check_name(struct yk_slice text)
{
    char name[NAME_MAX_LEN];

    if (text.len >= sizeof(name))
        return;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    int policy = yoke_sched_find(name);
    const char *back =
        policy < 0 ? NULL : yoke_sched_name((enum yoke_sched)policy);
    MUST(policy < 0 || (back && strcmp(back, name) == 0),
         "a name that is found is the policy's");
}

/* ---- Buckets ---- */

static int shares_differ_by(const struct yk_buckets *buckets)
{
    int shares[YK_HOMES_MAX] = {0}, least = YK_BUCKETS, most = 0;

    for (int i = 0; i < YK_BUCKETS; i++)
        shares[buckets->home[i]]++;
    for (int i = 0; i < buckets->count; i++) {
        least = shares[i] < least ? shares[i] : least;
        most = shares[i] > most ? shares[i] : most;
    }
    return most - least;
}

static bool is_any_open(const struct yk_buckets *buckets)
{
    for (int i = 0; i < buckets->count; i++)
        if (buckets->is_open[i])
            return true;
    return false;
}

static void check_owners(const struct yk_buckets *buckets)
{
    for (int i = 0; i < YK_BUCKETS; i++) {
        uint16_t owner = buckets->owner[i];
        MUST(owner == YK_HOME_NONE
                 ? !is_any_open(buckets)
                 : owner < buckets->count && buckets->is_open[owner],
             "who has a bucket is open");
        MUST(owner == YK_HOME_NONE || owner == buckets->home[i] ||
                 !buckets->is_open[buckets->home[i]],
             "a home that is open has its buckets");
    }
}

/* Jumps lead forward and within; every way ends. */
static void check_filter(const struct yk_buckets *buckets, uint32_t seed)
{
    static struct sock_filter filter[YK_STICKY_FILTER_MAX];
    size_t count = yk_sticky_filter_write(buckets, seed, filter);

    MUST(count > 0 && count <= YK_STICKY_FILTER_MAX, "it has its room");
    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *insn = &filter[i];
        bool is_jump = BPF_CLASS(insn->code) == BPF_JMP;
        uint32_t far = BPF_OP(insn->code) == BPF_JA ? insn->k
                       : insn->jt > insn->jf        ? insn->jt
                                                    : insn->jf;
        MUST(!is_jump || i + 1 + far < count, "a jump stays within");
        MUST(BPF_CLASS(insn->code) != BPF_RET || insn->k <= buckets->count,
             "it names a member");
    }
    MUST(BPF_CLASS(filter[count - 1].code) == BPF_RET, "it ends");
}

static void divide(struct fuzz_input *in)
{
    static struct yk_buckets buckets;

    yk_buckets_init(&buckets);
    while (fuzz_has_choice(in)) {
        uint8_t choice = fuzz_choose(in);
        if (choice < 4 && buckets.count < YK_HOMES_MAX)
            yk_buckets_add(&buckets);
        else if (buckets.count > 0)
            yk_buckets_set_open(&buckets, choice % buckets.count,
                                choice >= 128);
        if (buckets.count == 0)
            continue;
        check_owners(&buckets);
        MUST(shares_differ_by(&buckets) <= 1, "homes are even");
    }
    check_filter(&buckets, buckets.count * 77u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);

    check_name(in.text);
    divide(&in);
    return 0;
}
