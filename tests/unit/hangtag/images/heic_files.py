"""HEIC photos, which nothing here can write: made of our pictures with pillow-heif 1.8."""

import base64
import zlib

# 96 x 64 px: red, green, blue and grey.
QUARTERS = zlib.decompress(
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYExLDe1JJEBAhQzUnKKoGyGgszkEgY0oJSZkw82xMWBgREI"
        "gYCxCkIDWSJAQjkzMy8NwgViUSAnlQnKyyhLNgQx+QoyS3LhSq5lFhQVAOntmQXJ+UC6AqjMmZEZJDQBrEju"
        "A8Ofvz9+MDDwMycAdUg4MPIw/v8PUsAMUsEMQnK7mBwSgZLaToyMaDILDBpZp73y1FyXxyTFwwESOgEiOByS"
        "gOrZXRgPFm1QcgBaI5ycn1OUl5xTARTmZWBrAAqJZBYXpEJ9ngDEIGUCBZkVmSABZg4OoGkM4pkFubDgA4YI"
        "SyMTMwuQJZObkggMPUYBDcb1LD/ezvsyt+z/e+X////E5Kf+kxNxKvdev+9rdP2fnff/f9YqOZbQr1n9ckqK"
        "bKFS/vrZ+2W1D7dvqVrHU9HyoclzYeGWyJJ1hd9MNd1vHeztWPro1+bkdQ68xg6uEyde/Kzpt/fnTM8cdjOR"
        "I1F6T/+HFb64f06v//+F+yu0mRwWFR85fqt39Ufmf9cPv9R/aM/6e1P4wYoX7+psk8Mc7m+xlasRVfEs6p/E"
        "n3zky5bL+e+e7DH6uyTz/3yW1ze51Nsbz6ht9I+Zn7Ly7R+rnwEnjCcza57hsl/qeHlDaSuLxftDxw3yH95P"
        "/PvUaX9ovqp0BsNiEc+79vqJfq1ikzfsfyy21/if3ffF+kHTRX4K/6jfz1TIXf17a3cDAGyC0BY="
    )
)
# The same, turned by 90 degrees, in a property and in EXIF.
TURNED = zlib.decompress(
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYFxYW5qSSIDBChmpOQUQdkMBZnJJQxowCQzJx9siIsDAxMD"
        "I4jFeBRCA1kiQDEgYLoJE2FQAWKLzMy8NDAPJCsK5KSClQHVZJQlGzIgCTKClLhWZIKV8xVkluQyQFUyPMgs"
        "KCoA0gcyC5LzgXQFUK8zIzNIaAJYkdwHhj9/f/xgYOBnTgDqkHBg5GH8/x+kgBmkghmE5HYxOSQCJbWdGBnR"
        "ZBYYNLJOe+WpuS6PSYqHAyR0AkRwOCQB1bO7MB4s2qDkALRGODk/pygvOacCKMzLwNYAFBLJLC5IhXo4AYhB"
        "ygQKMisyQQLMHBxA0xg4M4vyS4A2MUhkFuTCgpuRgZG1kYmZpRXIlsosSk2DivMlpxQng8MX6HNGh9yURGBE"
        "MApoMK5n+fF23pe5Zf/fK////ycmP/WfnIhTuff6fV+j6//svP//s1bJsYR+zeqXU1JkC5Xy18/eL6t9uH1L"
        "1TqeipYPTZ4LC7dElqwr/Gaq6X7rYG/H0ke/Nievc+A1dnCdOPHiZ02/vT9neuawm4kcidJ7+j+s8MX9c3r9"
        "/y/cX6HN5LCo+MjxW72rPzL/u374pf5De9bfm8IPVrx4V2ebHOZwf4utXI2oimdR/yT+5CNftlzOf/dkj9Hf"
        "JZn/57O8vsml3t54Rm2jf8z8lJVv/1j9DDhhPJlZ8wyX/VLHyxtKW1ks3h86bpD/8H7i36dO+0PzVaUzGBaL"
        "eN6110/0axWbvGH/Y7G9xv/svi/WD5ou8lP4R/1+pkLu6t9bu0FBzwZJLL6+DFpAHgcDI6MQKD6B4cYGCUoA"
        "6N7dkg=="
    )
)
# The same, and it upside down.
TWO = zlib.decompress(
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYGxJTe1JJEBAhQzUnKKoGyGgszkEgY0YJKZkw82xMWBgYmB"
        "EcRiXAGhgSwRoBgQMO2Bi8gDCYvMzLw0MBckKwrkpIKVAdVklCUbMqAIMiEE+QoyS3IZoCoZ7mYWFBUA6e2Z"
        "Bcn5QLoCqMyZkRkkNAGsSO4Dw5+/P34wMPAzJwB1SDgw8jD+/w9SwAxSwQxCcruYHBKBktpOjIxoMgsMGlmn"
        "vfLUXJfHJMXDARI6ASI4HJKA6tldGA8WbVByAFojnJyfU5SXnFMBFOZlYGsAColkFhekQgMoAYhBygQKMisy"
        "QQLMHBwcINdlFuTCQhkYcCyNTMwsDEwQioHJOjclERjWjAIajOtZfryd92Vu2f/3yv///4nJT/0nJ+JU7r1+"
        "39fo+j877///rFVyLKFfs/rllBTZQqX89bP3y2ofbt9StY6nouVDk+fCwi2RJesKv5lqut862Nux9NGvzcnr"
        "HHiNHVwnTrz4WdNv78+ZnjnsZiJHovSe/g8rfHH/nF7//wv3V2gzOSwqPnL8Vu/qj8z/rh9+qf/QnvX3pvCD"
        "FS/e1dkmhznc32IrVyOq4lnUP4k/+ciXLZfz3z3ZY/R3Seb/+Syvb3KptzeeUdvoHzM/ZeXbP1Y/A04YT2bW"
        "PMNlv9Tx8obSVhaL94eOG+Q/vJ/496nT/tB8VekMhsUinnft9RP9WsUmb9j/WGyv8T+774v1g6aL/BT+Ub+f"
        "qZC7+vfWbmDoMkpDwqSyv/CpcZNl/n+m9//cv1rL/38lr6ZZtrm8++wK3ula2oW/b31X6Niput/S4furh7t5"
        "S3j5/slsb2S69FY0cEnxfsaEVwcLi749efl9yyOftmwPpsVvDy06wG70fOcUhYUP7Pct3///4XL7//cnrP/b"
        "xGfx+UruipaV/z7MW71k+7rn6/huS0z6rpdQ0qrpJ9ysfuWT/dH7fF9XPwmWbtWT+HVmk22V7v/PtXL2Tntf"
        "v/3hzHDUNk1wsTHv7usK7DNnfv8i57huUZXx1VMM8zX0notPqp+9ryvrePxmjzWSor+Pqghz7X6v8qJ6d962"
        "/2IrIooL1x6ffM5Z8ZLqlqcfjiWU3n61tfDv8Rf/F1sznlffMvvtntirXtv26G1v/8W+vv1L4OoGAJGBb4U="
    )
)
# 64 megapixels of one colour, half transparent, 4:4:4.
LARGE = zlib.decompress(
    base64.b64decode(
        "eNrtnW9MG2Ucx5+7K6zK/2EZYwt0ExkzyGCjihVdgepE57LMvZgTFCgtnNBSu4IVF9MZEZZpBm5mbihDgybG"
        "hTXELciCViORaJjLeKGJbvbFiBhfyBQVlyk+14JzJhqfGH6a5nv5cvfc8zyXz3Ofe+6aa1/AGFvp8D7ubrCr"
        "PsYXp+oo1MpOtcbBmHyP0+6tYZFlVUNdk2e+zNyqzcv+tBSpTc02rWC1MJlJWkl2RbaMHRzjdXw5dPNCjWkb"
        "XxWrqssR3tVaDXzHHu7G+zS02grZVZXylcpEt+p1svme0l7V7XHzrU1125p5XRvvVi7p9LzYW6x1Gplml+dm"
        "ZxlLUqr5EcssUrw0N6d1UMI9FN5lWLbU8LabyiTp6oYullXKkvoGz1XcYBoPlpfu0aqXaytJX8uP0Ful9zzP"
        "xMdmc1CqrbnJ47I1+Xh9Aov186rr1F1ue+SUsyyRP5bsVn2qVqPo9dooW64M+OjswoAv/8WAtR5/GPDa3we8"
        "0BBUpozSTNqDb2S//nbAyOsUbcVWaYNdog02UGuJOIwMQtK4a2pafOXaXovHZXa67fXmBnurzby+oNBk5k1q"
        "nTksPlN1OxdmBL/Iuj2yomOyrl2J7eA1GarH7phvTeRHNYUnAr9EH6121tXwGXPwg1zpeKoydcR6vrHo8GbH"
        "0p93v/PwukP3vnb2a+9wVf5/UvBPbggenQut3/9rzidJx75r3H674TFvz6mLY9OuGxkrCbJavxL2i/xtpMOv"
        "XvDdYuBPCsYKLdLTMPLPss9/gLGTTLcDMgTiDnbAgmjkfDgQzIoALIglAR+Wgh+ccXAgEn0nLAg9wpJhQSR3"
        "VMOCSNossCCSGT8sCETaDwkCkQchQSDKJUgQSMwXkCAQfS4kCCQOr45Cb9p4ERJJCt6DRGKALpEs74IEgWRi"
        "dolkdQgSBJLTBwkCyTNCgkAKcDOKxITZJZJifP0sEjMe9SLBjxtC2YjZJZKyICQIxIpfzqBr0XInbkboWrRs"
        "ws0IXdAFXdAFXQh0QRd0QRd0QRcCXdAFXdAFXdCFQBd0QRd0QRcCXdAFXdAFXdCFQBd0QRd0QRd0IdAFXdAF"
        "XdAFXQh0QRd0QRd0IdAFXdAFXdAFXQh0QRd0QRd0QRcCXdAFXdAFXdAFD9AFXdAFXdCFQBd0QRd0QRd0IdAF"
        "XdAFXdAFXQh0QRd0QRd0QRd0CekKMmbakisN5CyZuDT5rmu8x/TNp8cfGmn7YXE3lR9ebw0Z16YM+5aGnKRn"
        "3Bx8QL+1dEWSzVBGBW33V7XPXty54QkioJxW1TuxMWPCT8K7Np3ty0r8heZ/C+o72U+5U6dpzqwyKO2usJ6l"
        "uWrSm9K5W59LJ4HFWOW7Pj/fScKKzZM74qufpTmvOrmx5Nt+EtY1n8k99xUco7nFOuVTzsEACSt+h/zxk0VD"
        "VKzve1stRCwltffk3SSsuBeVdQOzW4lY8o/3H6GZGwnpStqunUNUrPwDL9GwEoeULW9l0rCSA8q2/swgFeuR"
        "/r4xElZKQHnqRAzNPDR0Kc+P0rEGRjtorteyAuX9STrW6clNZKwvYyrIWF/F7D1DxXrZbyNjveKfDFGxTjxq"
        "J2ONdNeHqO7l0e76aarzGu9eQ8a6kPGCkYSVHlBChKyZ2wxkrMt0LB0jZOkIWfGErJWErGxCljFKzyuPkFUU"
        "pawSQpY1SlmWKGVF6/XaHKWs7VHKqgTrX7PqwAILLLDAAgsssMACCyywwAILLLDAAgsssMACCyywwPqfsM78"
        "BqQ0LO4="
    )
)
