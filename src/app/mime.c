/* The table is sorted by extension, to be searched by halving. The types are
 * those of IANA's registry, and where that is silent, those that browsers
 * send and expect. "mp4", "ogg" and the like hold sound or pictures; what most
 * files are counts. */
#include "app/mime.h"

#include <stdlib.h>

#include "core/banned.h"

/* The longest extension of the table. */
#define EXTENSION_MAX 11

/* An initializer, where YK_LIT is an expression. */
#define TYPE(text)                                                             \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

static const struct type {
    char extension[EXTENSION_MAX + 1];
    struct yk_slice type;
} types[] = {
    {"3g2", TYPE("video/3gpp2")},
    {"3gp", TYPE("video/3gpp")},
    {"7z", TYPE("application/x-7z-compressed")},
    {"aac", TYPE("audio/aac")},
    {"adts", TYPE("audio/aac")},
    {"ai", TYPE("application/postscript")},
    {"aif", TYPE("audio/x-aiff")},
    {"aifc", TYPE("audio/x-aiff")},
    {"aiff", TYPE("audio/x-aiff")},
    {"amr", TYPE("audio/amr")},
    {"apk", TYPE("application/vnd.android.package-archive")},
    {"apng", TYPE("image/apng")},
    {"appcache", TYPE("text/cache-manifest")},
    {"asc", TYPE("application/pgp-signature")},
    {"asf", TYPE("video/x-ms-asf")},
    {"asx", TYPE("video/x-ms-asf")},
    {"atom", TYPE("application/atom+xml")},
    {"au", TYPE("audio/basic")},
    {"avi", TYPE("video/x-msvideo")},
    {"avif", TYPE("image/avif")},
    {"bin", TYPE("application/octet-stream")},
    {"bmp", TYPE("image/bmp")},
    {"buffer", TYPE("application/octet-stream")},
    {"bz", TYPE("application/x-bzip")},
    {"bz2", TYPE("application/x-bzip2")},
    {"c", TYPE("text/x-c")},
    {"cc", TYPE("text/x-c")},
    {"cer", TYPE("application/pkix-cert")},
    {"coffee", TYPE("text/coffeescript")},
    {"conf", TYPE("text/plain")},
    {"cpio", TYPE("application/x-cpio")},
    {"cpp", TYPE("text/x-c")},
    {"crl", TYPE("application/pkix-crl")},
    {"crt", TYPE("application/x-x509-ca-cert")},
    {"csh", TYPE("application/x-csh")},
    {"css", TYPE("text/css")},
    {"csv", TYPE("text/csv")},
    {"cxx", TYPE("text/x-c")},
    {"dart", TYPE("application/vnd.dart")},
    {"db", TYPE("application/vnd.sqlite3")},
    {"deb", TYPE("application/octet-stream")},
    {"def", TYPE("text/plain")},
    {"der", TYPE("application/x-x509-ca-cert")},
    {"dib", TYPE("image/bmp")},
    {"dll", TYPE("application/octet-stream")},
    {"dmg", TYPE("application/octet-stream")},
    {"dms", TYPE("application/octet-stream")},
    {"doc", TYPE("application/msword")},
    {"docx",
     TYPE("application/"
          "vnd.openxmlformats-officedocument.wordprocessingml.document")},
    {"dot", TYPE("application/msword")},
    {"dtd", TYPE("application/xml-dtd")},
    {"dump", TYPE("application/octet-stream")},
    {"ear", TYPE("application/java-archive")},
    {"ecma", TYPE("application/ecmascript")},
    {"eml", TYPE("message/rfc822")},
    {"eot", TYPE("application/vnd.ms-fontobject")},
    {"eps", TYPE("application/postscript")},
    {"epub", TYPE("application/epub+zip")},
    {"es", TYPE("application/ecmascript")},
    {"exe", TYPE("application/octet-stream")},
    {"flac", TYPE("audio/flac")},
    {"flv", TYPE("video/x-flv")},
    {"geojson", TYPE("application/geo+json")},
    {"gif", TYPE("image/gif")},
    {"glb", TYPE("model/gltf-binary")},
    {"gltf", TYPE("model/gltf+json")},
    {"gpx", TYPE("application/gpx+xml")},
    {"gz", TYPE("application/gzip")},
    {"h", TYPE("text/x-c")},
    {"h264", TYPE("video/h264")},
    {"hbs", TYPE("text/x-handlebars-template")},
    {"heic", TYPE("image/heic")},
    {"heif", TYPE("image/heif")},
    {"hh", TYPE("text/x-c")},
    {"hjson", TYPE("application/hjson")},
    {"htm", TYPE("text/html")},
    {"html", TYPE("text/html")},
    {"ico", TYPE("image/x-icon")},
    {"ics", TYPE("text/calendar")},
    {"ifb", TYPE("text/calendar")},
    {"img", TYPE("application/octet-stream")},
    {"in", TYPE("text/plain")},
    {"ini", TYPE("text/plain")},
    {"iso", TYPE("application/octet-stream")},
    {"jar", TYPE("application/java-archive")},
    {"java", TYPE("text/x-java-source")},
    {"jpe", TYPE("image/jpeg")},
    {"jpeg", TYPE("image/jpeg")},
    {"jpg", TYPE("image/jpeg")},
    {"jpgv", TYPE("video/jpeg")},
    {"js", TYPE("text/javascript")},
    {"json", TYPE("application/json")},
    {"json5", TYPE("application/json5")},
    {"jsonl", TYPE("application/x-ndjson")},
    {"jsonld", TYPE("application/ld+json")},
    {"jsx", TYPE("text/jsx")},
    {"jxl", TYPE("image/jxl")},
    {"kar", TYPE("audio/midi")},
    {"kml", TYPE("application/vnd.google-earth.kml+xml")},
    {"kmz", TYPE("application/vnd.google-earth.kmz")},
    {"ktx2", TYPE("image/ktx2")},
    {"less", TYPE("text/less")},
    {"list", TYPE("text/plain")},
    {"litcoffee", TYPE("text/coffeescript")},
    {"log", TYPE("text/plain")},
    {"lrf", TYPE("application/octet-stream")},
    {"lua", TYPE("text/x-lua")},
    {"m1v", TYPE("video/mpeg")},
    {"m2a", TYPE("audio/mpeg")},
    {"m2t", TYPE("video/mp2t")},
    {"m2ts", TYPE("video/mp2t")},
    {"m2v", TYPE("video/mpeg")},
    {"m3a", TYPE("audio/mpeg")},
    {"m3u8", TYPE("application/vnd.apple.mpegurl")},
    {"m4a", TYPE("audio/mp4")},
    {"m4v", TYPE("video/x-m4v")},
    {"man", TYPE("text/troff")},
    {"manifest", TYPE("text/cache-manifest")},
    {"map", TYPE("application/json")},
    {"markdown", TYPE("text/markdown")},
    {"mathml", TYPE("application/mathml+xml")},
    {"md", TYPE("text/markdown")},
    {"me", TYPE("text/troff")},
    {"mid", TYPE("audio/midi")},
    {"midi", TYPE("audio/midi")},
    {"mime", TYPE("message/rfc822")},
    {"mjs", TYPE("text/javascript")},
    {"mk3d", TYPE("video/x-matroska")},
    {"mka", TYPE("audio/x-matroska")},
    {"mks", TYPE("video/x-matroska")},
    {"mkv", TYPE("video/x-matroska")},
    {"mml", TYPE("text/mathml")},
    {"mov", TYPE("video/quicktime")},
    {"mp2", TYPE("audio/mpeg")},
    {"mp3", TYPE("audio/mpeg")},
    {"mp4", TYPE("video/mp4")},
    {"mp4a", TYPE("audio/mp4")},
    {"mp4v", TYPE("video/mp4")},
    {"mpe", TYPE("video/mpeg")},
    {"mpeg", TYPE("video/mpeg")},
    {"mpg", TYPE("video/mpeg")},
    {"mpg4", TYPE("video/mp4")},
    {"mpga", TYPE("audio/mpeg")},
    {"ms", TYPE("text/troff")},
    {"msg", TYPE("application/vnd.ms-outlook")},
    {"msi", TYPE("application/octet-stream")},
    {"msm", TYPE("application/octet-stream")},
    {"msp", TYPE("application/octet-stream")},
    {"mts", TYPE("video/mp2t")},
    {"ndjson", TYPE("application/x-ndjson")},
    {"obj", TYPE("model/obj")},
    {"odg", TYPE("application/vnd.oasis.opendocument.graphics")},
    {"odp", TYPE("application/vnd.oasis.opendocument.presentation")},
    {"ods", TYPE("application/vnd.oasis.opendocument.spreadsheet")},
    {"odt", TYPE("application/vnd.oasis.opendocument.text")},
    {"oga", TYPE("audio/ogg")},
    {"ogg", TYPE("audio/ogg")},
    {"ogv", TYPE("video/ogg")},
    {"ogx", TYPE("application/ogg")},
    {"opus", TYPE("audio/ogg")},
    {"otf", TYPE("font/otf")},
    {"owl", TYPE("application/rdf+xml")},
    {"p10", TYPE("application/pkcs10")},
    {"p12", TYPE("application/x-pkcs12")},
    {"p7c", TYPE("application/pkcs7-mime")},
    {"p7m", TYPE("application/pkcs7-mime")},
    {"p7s", TYPE("application/pkcs7-signature")},
    {"p8", TYPE("application/pkcs8")},
    {"pbm", TYPE("image/x-portable-bitmap")},
    {"pdf", TYPE("application/pdf")},
    {"pem", TYPE("application/x-x509-ca-cert")},
    {"pfx", TYPE("application/x-pkcs12")},
    {"pgm", TYPE("image/x-portable-graymap")},
    {"pgp", TYPE("application/pgp-encrypted")},
    {"php", TYPE("application/x-httpd-php")},
    {"pl", TYPE("application/x-perl")},
    {"pm", TYPE("application/x-perl")},
    {"png", TYPE("image/png")},
    {"pot", TYPE("application/vnd.ms-powerpoint")},
    {"ppm", TYPE("image/x-portable-pixmap")},
    {"pps", TYPE("application/vnd.ms-powerpoint")},
    {"ppt", TYPE("application/vnd.ms-powerpoint")},
    {"pptx",
     TYPE("application/"
          "vnd.openxmlformats-officedocument.presentationml.presentation")},
    {"ps", TYPE("application/postscript")},
    {"psd", TYPE("image/vnd.adobe.photoshop")},
    {"py", TYPE("text/x-python")},
    {"qt", TYPE("video/quicktime")},
    {"rar", TYPE("application/vnd.rar")},
    {"rdf", TYPE("application/rdf+xml")},
    {"rmi", TYPE("audio/midi")},
    {"rng", TYPE("application/xml")},
    {"roff", TYPE("text/troff")},
    {"rpm", TYPE("application/x-redhat-package-manager")},
    {"rss", TYPE("application/rss+xml")},
    {"rtf", TYPE("text/rtf")},
    {"rtx", TYPE("text/richtext")},
    {"sass", TYPE("text/x-sass")},
    {"scss", TYPE("text/x-scss")},
    {"sh", TYPE("application/x-sh")},
    {"shex", TYPE("text/shex")},
    {"shtml", TYPE("text/html")},
    {"sig", TYPE("application/pgp-signature")},
    {"slim", TYPE("text/slim")},
    {"slm", TYPE("text/slim")},
    {"smi", TYPE("application/smil+xml")},
    {"smil", TYPE("application/smil+xml")},
    {"snd", TYPE("audio/basic")},
    {"so", TYPE("application/octet-stream")},
    {"spx", TYPE("audio/ogg")},
    {"sql", TYPE("application/sql")},
    {"sqlite", TYPE("application/x-sqlite3")},
    {"sqlite3", TYPE("application/vnd.sqlite3")},
    {"ssml", TYPE("application/ssml+xml")},
    {"stl", TYPE("model/stl")},
    {"styl", TYPE("text/stylus")},
    {"stylus", TYPE("text/stylus")},
    {"svg", TYPE("image/svg+xml")},
    {"svgz", TYPE("image/svg+xml")},
    {"swf", TYPE("application/x-shockwave-flash")},
    {"t", TYPE("text/troff")},
    {"tar", TYPE("application/x-tar")},
    {"tcl", TYPE("application/x-tcl")},
    {"tex", TYPE("application/x-tex")},
    {"text", TYPE("text/plain")},
    {"tga", TYPE("image/x-tga")},
    {"tif", TYPE("image/tiff")},
    {"tiff", TYPE("image/tiff")},
    {"tk", TYPE("application/x-tcl")},
    {"toml", TYPE("application/toml")},
    {"torrent", TYPE("application/x-bittorrent")},
    {"tr", TYPE("text/troff")},
    {"ts", TYPE("video/mp2t")},
    {"tsv", TYPE("text/tab-separated-values")},
    {"ttc", TYPE("font/collection")},
    {"ttf", TYPE("font/ttf")},
    {"txt", TYPE("text/plain")},
    {"uri", TYPE("text/uri-list")},
    {"uris", TYPE("text/uri-list")},
    {"urls", TYPE("text/uri-list")},
    {"vcard", TYPE("text/vcard")},
    {"vcf", TYPE("text/x-vcard")},
    {"vsd", TYPE("application/vnd.visio")},
    {"vtt", TYPE("text/vtt")},
    {"war", TYPE("application/java-archive")},
    {"wasm", TYPE("application/wasm")},
    {"wav", TYPE("audio/wav")},
    {"weba", TYPE("audio/webm")},
    {"webm", TYPE("video/webm")},
    {"webmanifest", TYPE("application/manifest+json")},
    {"webp", TYPE("image/webp")},
    {"wma", TYPE("audio/x-ms-wma")},
    {"wmv", TYPE("video/x-ms-wmv")},
    {"woff", TYPE("font/woff")},
    {"woff2", TYPE("font/woff2")},
    {"xbm", TYPE("image/x-xbitmap")},
    {"xht", TYPE("application/xhtml+xml")},
    {"xhtml", TYPE("application/xhtml+xml")},
    {"xls", TYPE("application/vnd.ms-excel")},
    {"xlsx",
     TYPE("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {"xlt", TYPE("application/vnd.ms-excel")},
    {"xlw", TYPE("application/vnd.ms-excel")},
    {"xml", TYPE("application/xml")},
    {"xpm", TYPE("image/x-xpixmap")},
    {"xsd", TYPE("application/xml")},
    {"xsl", TYPE("application/xslt+xml")},
    {"xslt", TYPE("application/xslt+xml")},
    {"xul", TYPE("application/vnd.mozilla.xul+xml")},
    {"xz", TYPE("application/x-xz")},
    {"yaml", TYPE("text/yaml")},
    {"yang", TYPE("application/yang")},
    {"yml", TYPE("text/yaml")},
    {"zip", TYPE("application/zip")},
    {"zst", TYPE("application/zstd")},
};

static int compare(const void *key, const void *entry)
{
    return strcmp(key, ((const struct type *)entry)->extension);
}

struct yk_slice yk_mime_of_extension(struct yk_slice extension)
{
    char key[EXTENSION_MAX + 1];
    if (extension.len == 0 || extension.len > EXTENSION_MAX)
        return YK_LIT("");
    for (size_t i = 0; i < extension.len; i++)
        key[i] = (char)yk_lower((unsigned char)extension.ptr[i]);
    key[extension.len] = '\0';
    const struct type *found =
        bsearch(key, types, sizeof(types) / sizeof(types[0]), sizeof(types[0]),
                compare);
    return found ? found->type : YK_LIT("");
}

/* What follows the last dot; all of a text without one. */
static struct yk_slice extension_of(struct yk_slice text)
{
    const char *dot = text.len ? memrchr(text.ptr, '.', text.len) : NULL;
    if (!dot)
        return text;
    return (struct yk_slice){dot + 1, (size_t)(text.ptr + text.len - dot) - 1};
}

struct yk_slice yk_mime_of(struct yk_slice text)
{
    if (text.len && memchr(text.ptr, '/', text.len))
        return text;
    return yk_mime_of_extension(extension_of(text));
}

/* Text that is not below "text/", too. */
static bool is_text(struct yk_slice type)
{
    return (type.len > 5 && memcmp(type.ptr, "text/", 5) == 0) ||
           yk_slice_eq(type, YK_LIT("application/json")) ||
           yk_slice_eq(type, YK_LIT("application/manifest+json")) ||
           yk_slice_eq(type, YK_LIT("application/ecmascript"));
}

struct yk_slice yk_mime_with_charset(struct yk_slice type,
                                     struct yk_arena *arena)
{
    static const struct yk_slice charset = TYPE("; charset=utf-8");
    if (!is_text(type) || memchr(type.ptr, ';', type.len))
        return type;
    char *text = yk_arena_alloc(arena, type.len + charset.len + 1);
    memcpy(text, type.ptr, type.len);
    memcpy(text + type.len, charset.ptr, charset.len + 1);
    return (struct yk_slice){text, type.len + charset.len};
}
