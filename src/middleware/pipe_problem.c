#include "middleware/pipe_problem.h"

#include <errno.h>
#include <stddef.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/value.h>

#include "core/banned.h"

static const struct {
    int err, status;
    const char *type, *text;
} problems[] = {
    {-YOKE_ECLOSED, 400, "request.aborted",
     "the client has gone before the end of the body"},
    {-EINVAL, 400, "file.name.malformed", "that is no name of a file"},
    {-ENAMETOOLONG, 400, "file.name.malformed", "the file's name is too long"},
    {-EXDEV, 403, "file.outside", "no file can be put there"},
    {-ENOENT, 404, "file.folder.missing", "there is no such folder"},
    {-ENOTDIR, 404, "file.folder.missing", "there is no such folder"},
    {-EISDIR, 409, "file.exists", "there is a folder of that name"},
    {-EEXIST, 409, "file.exists", "there is a file of that name"},
    {-ENOMEM, 503, "entity.no.memory", "no memory for the body"},
    {-ENOSPC, 507, "file.disk.full", "there is no room for the file"},
    {-EFBIG, 507, "file.disk.full", "there is no room for the file"},
    {-EDQUOT, 507, "file.disk.full", "there is no room for the file"},
};

void yk_pipe_problem(yoke_req *req, int err, const char *path, uint64_t max_len)
{
    if (err == -YOKE_ETOOLARGE) {
        yoke_next_typed(req, 413, "entity.too.large",
                        "the body is too long; the limit is %llu",
                        (unsigned long long)max_len);
        return;
    }
    for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
        if (problems[i].err == err) {
            yoke_next_typed(req, problems[i].status, problems[i].type, "%s",
                            problems[i].text);
            return;
        }
    }
    yoke_log(YOKE_LOG_ERROR, "yoke_req_pipe_file: %s: %s", path,
             yoke_strerror(err));
    yoke_next_typed(req, 500, "file.failed", "the file cannot be written");
}
