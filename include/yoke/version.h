/* The version of these headers; `yoke_version()` tells the library's. */
#ifndef YOKE_VERSION_H
#define YOKE_VERSION_H

#define YOKE_VERSION "0.1.0"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, "0.1.0"; another than YOKE_VERSION
 * when the program was compiled with other headers. Static. */
const char *yoke_version(void);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
